/*-------------------------------------------------------------------------
 *
 * transaction_append.h
 *	  Appends rows to temporal.transaction_log
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TRANSACTION_APPEND_H
#define TEMPORAL_TRANSACTION_APPEND_H

#include "access/htup.h"
#include "utils/relcache.h"

/*
 * Appends the row of a transaction of this lifetime (transaction_log.h) to the
 * log, which is open and locked.
 */
extern void transaction_append(Relation rel, HeapTuple tuple, int lifetime);

#endif							/* TEMPORAL_TRANSACTION_APPEND_H */
