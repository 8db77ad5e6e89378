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

extern void history_reach_init(void);

/*
 * To be called before versions that end at or before end are written.  It
 * stays advanced if the transaction is rolled back, which costs a reader some
 * time and no row.
 */
extern void history_reach_advance(Oid history, TimestampTz end);

/* False only if no version of the history can end after t. */
extern bool history_reach_covers(Oid history, TimestampTz t);

#endif							/* TEMPORAL_HISTORY_REACH_H */
