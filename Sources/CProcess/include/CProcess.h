#pragma once
/// Keeps the memory of this process out of core dumps and away from other processes of its user. 0 where it worked.
int process_forbid_dumps(void);
/// Takes the signals of a service before its services listen: SIGHUP is remembered, SIGTERM and SIGINT end the process
/// with 0. Whoever listens afterwards takes them over.
void process_take_signals(void);
/// Whether a SIGHUP has come since the last call.
int process_had_hangup(void);
/// Gives large pieces of memory back to the system as soon as they are freed, and lets all threads share a few heaps: a thread for
/// each camera, each with pictures of megabytes, would keep a heap of its own full of them. Before any thread is started.
void process_share_memory(void);
