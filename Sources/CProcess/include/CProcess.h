#pragma once
/// Keeps the memory of this process out of core dumps and away from other processes of its user. 0 where it worked.
int process_forbid_dumps(void);
/// Takes the signals of a service before its services listen: SIGHUP is remembered, SIGTERM and SIGINT end the process
/// with 0. Whoever listens afterwards takes them over.
void process_take_signals(void);
/// Whether a SIGHUP has come since the last call.
int process_had_hangup(void);
