#pragma once
/// Keeps the memory of this process out of core dumps and away from other processes of its user. 0 where it worked.
int process_forbid_dumps(void);
