/*-------------------------------------------------------------------------
 *
 * review_transaction.h
 *	  What one transaction did
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_REVIEW_TRANSACTION_H
#define TEMPORAL_REVIEW_TRANSACTION_H

#include "review/review.h"

/* From the log */
typedef struct ReviewTransaction
{
	int64		xid;
	TimestampTz committed_at;
	Datum		role;			/* text */
	Datum		ticks;			/* timestamptz[]: all, ascending */
} ReviewTransaction;

/* 02000 if the log does not know it */
extern ReviewTransaction *review_transaction_find(int64 xid);

/* The versioned tables that the caller may read, in the order of their OIDs */
extern List *review_transaction_tables(void);

/*
 * Parameters of queries about it: $1 its ticks, $2 the first and $3 the last
 * of them, $4 its commit time, $5 its xid, $6 its role.
 */
extern ReviewParameters
			review_transaction_parameters(const ReviewTransaction *transaction);

/*
 * Did it change the table?  For tables of which not every question can be
 * asked: without a key, or with more columns than a query can have twice.
 */
#define REVIEW_MANY_COLUMNS 800

extern bool review_transaction_touches(const ReviewTable *table,
									   const ReviewParameters *parameters,
									   bool read_only);

/*
 * SELECT present (1), start, and the columns of the versions that it ended, o,
 * or started, n.
 */
extern void review_transaction_versions(StringInfo text,
										const ReviewTable *table, bool ended);

#endif							/* TEMPORAL_REVIEW_TRANSACTION_H */
