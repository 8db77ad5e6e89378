/*-------------------------------------------------------------------------
 *
 * history_reach.h
 *	  How far towards the present each history reaches
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_REACH_H
#define TEMPORAL_HISTORY_REACH_H

#include "datatype/timestamp.h"
#include "port/atomics.h"

extern void history_reach_init(void);

/*
 * To be called before versions that end at or before end are written.  It
 * stays advanced if the transaction is rolled back, which costs a reader some
 * time and no row.
 */
extern void history_reach_advance(Oid history, TimestampTz end);

/*
 * To be called before a row is touched whose version will end at the tick.
 */
extern void history_reach_note_boundary(Oid history, TimestampTz tick);

/*
 * Where the latest such tick can be read, with pg_atomic_read_u64(), for as
 * long as the server runs.
 */
typedef pg_atomic_uint64 *HistoryBoundary;

extern HistoryBoundary history_reach_boundary(Oid history);

/*
 * To be called before versions are removed that could be read AS OF a time
 * before the horizon.
 */
extern void history_reach_note_horizon(Oid history, TimestampTz horizon);

/*
 * False only if no version that AS OF t shows was removed since the server
 * started.
 */
extern bool history_reach_may_lack(Oid history, TimestampTz t);

/*
 * To be called by a transaction that changes the segments of a history, before
 * it commits and with the lock that excludes others of its kind.
 */
extern void history_reach_change_segments(Oid history);

/*
 * The number of a transaction: of the last that called that, if one did since
 * the server started, or of one at least as late as all that may have.  0: not
 * known.  To be asked with the snapshot taken.
 */
extern uint64 history_reach_segments(Oid history);

/* False only if no version of the history can end after t. */
extern bool history_reach_covers(Oid history, TimestampTz t);

#endif							/* TEMPORAL_HISTORY_REACH_H */
