/*-------------------------------------------------------------------------
 *
 * transaction_prepared.c
 *	  Two-phase commit of transactions that have a system time
 *
 * A prepared transaction is committed later, by another session, perhaps after
 * a restart, and nothing of it can be changed any more by then: its commit
 * tick cannot be in a row of its own.
 *
 *		PREPARE TRANSACTION		The transaction writes what its row in the log
 *								will say, all but C, to the table
 *								temporal.prepared_transaction.  Nobody sees
 *								that row by ordinary means until the
 *								transaction is committed.
 *		COMMIT PREPARED			finds the row by its xmin, takes C, writes the
 *								row to the log, and commits that, a transaction
 *								of its own, before PostgreSQL commits the
 *								prepared one.  Then the first row is deleted.
 *		ROLLBACK PREPARED		The row goes with the transaction.
 *
 * IF THE SERVER STOPS BETWEEN THE TWO COMMITS
 *		The log has a row of a transaction that is still prepared.  It does no
 *		harm: none of its versions can be seen.  A later COMMIT PREPARED writes
 *		another, with a later C, which is the one that counts: in between the
 *		transaction is in flight by the second.
 *
 * WHO IS NOT HERE
 *		Logical replication's apply worker commits prepared transactions
 *		without a statement: they have no row in the log and count as committed
 *		at S.
 *
 * A prepared transaction is in flight.  The rows of the table that are still
 * in progress, which SnapshotDirty tells, are those in flight of this
 * database, also after a restart.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/twophase.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "storage/bufmgr.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "time/transaction_log.h"
#include "time/transaction_prepared.h"

static ProcessUtility_hook_type prev_process_utility_hook = NULL;

static void prepared_process_utility(PlannedStmt *pstmt,
									 const char *queryString,
									 bool readOnlyTree,
									 ProcessUtilityContext context,
									 ParamListInfo params,
									 QueryEnvironment *queryEnv,
									 DestReceiver *dest, QueryCompletion *qc);

void
transaction_prepared_init(void)
{
	prev_process_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = prepared_process_utility;
}

TimestampTz
transaction_prepared_settled(TimestampTz at_most)
{
	Oid			relid;
	Relation	rel;

	if (max_prepared_xacts == 0)
		return at_most;
	relid = transaction_log_objects()->prepared;
	if (!OidIsValid(relid))
		return at_most;

	rel = table_open(relid, AccessShareLock);
	if (RelationGetNumberOfBlocks(rel) > 0)
	{
		SnapshotData dirty;
		TableScanDesc scan;
		HeapTuple	tuple;

		InitDirtySnapshot(dirty);
		scan = table_beginscan(rel, &dirty, 0, NULL);
		while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
		{
			bool		isnull;
			Datum		system_time;

			if (!TransactionIdIsValid(dirty.xmin))
				continue;		/* committed: a moment before it is deleted */
			system_time = heap_getattr(tuple, Anum_transaction_system_time,
									   RelationGetDescr(rel), &isnull);
			if (!isnull)
				at_most = Min(at_most,
							  DatumGetTimestampTz(system_time) - 1);
		}
		table_endscan(scan);
	}
	table_close(rel, AccessShareLock);
	return at_most;
}

/*
 * The transaction prepared as gid in this database, if the user may finish it
 * (as LockGXact() has it); InvalidTransactionId otherwise.
 */
static TransactionId
prepared_transaction_id(const char *gid)
{
	TransactionId xid = InvalidTransactionId;
	Oid			type = TEXTOID;
	Datum		value = CStringGetTextDatum(gid);

	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	if (SPI_execute_with_args("SELECT p.transaction"
							  " FROM pg_catalog.pg_prepared_xacts p"
							  " WHERE p.gid OPERATOR(pg_catalog.=) $1"
							  " AND p.database OPERATOR(pg_catalog.=) pg_catalog.current_database()"
							  " AND (p.owner OPERATOR(pg_catalog.=) current_user"
							  " OR pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on')",
							  1, &type, &value, NULL, true, 1) == SPI_OK_SELECT &&
		SPI_processed == 1)
	{
		bool		isnull;

		xid = DatumGetTransactionId(SPI_getbinval(SPI_tuptable->vals[0],
												  SPI_tuptable->tupdesc, 1,
												  &isnull));
	}
	SPI_finish();
	PopActiveSnapshot();
	return xid;
}

/*
 * The row that the transaction left; NULL if there is none.
 */
static HeapTuple
prepared_find_row(Relation rel, TransactionId xid)
{
	SnapshotData dirty;
	TableScanDesc scan;
	HeapTuple	tuple;

	InitDirtySnapshot(dirty);
	scan = table_beginscan(rel, &dirty, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		if (TransactionIdIsValid(dirty.xmin) &&
			TransactionIdEquals(HeapTupleHeaderGetXmin(tuple->t_data), xid))
		{
			tuple = heap_copytuple(tuple);
			break;
		}
	}
	table_endscan(scan);
	return tuple;
}

/*
 * Writes the row that others will know the transaction's commit by, and
 * commits it.  Where the first one is, is put into *place; false if the
 * transaction has none.
 */
static bool
prepared_log_commit(Oid relid, const char *gid, ItemPointer place)
{
	TransactionId xid = prepared_transaction_id(gid);
	Relation	rel;
	HeapTuple	row;

	if (!TransactionIdIsValid(xid))
		return false;			/* PostgreSQL says why */
	rel = table_open(relid, RowExclusiveLock);
	row = prepared_find_row(rel, xid);
	if (row != NULL)
	{
		*place = row->t_self;
		transaction_log_write_prepared(row, RelationGetDescr(rel));
	}
	table_close(rel, NoLock);
	if (row == NULL)
		return false;
	CommitTransactionCommand();
	StartTransactionCommand();
	return true;
}

static void
prepared_process_utility(PlannedStmt *pstmt, const char *queryString,
						 bool readOnlyTree, ProcessUtilityContext context,
						 ParamListInfo params, QueryEnvironment *queryEnv,
						 DestReceiver *dest, QueryCompletion *qc)
{
	TransactionStmt *stmt = (TransactionStmt *) pstmt->utilityStmt;
	Oid			relid = InvalidOid;
	ItemPointerData place;

	if (IsA(stmt, TransactionStmt) &&
		stmt->kind == TRANS_STMT_COMMIT_PREPARED && !RecoveryInProgress() &&
		IsTransactionState())
	{
		PreventInTransactionBlock(context == PROCESS_UTILITY_TOPLEVEL,
								  "COMMIT PREPARED");
		relid = transaction_log_objects()->prepared;
		if (OidIsValid(relid) &&
			!prepared_log_commit(relid, stmt->gid, &place))
			relid = InvalidOid;
	}

	if (prev_process_utility_hook)
		prev_process_utility_hook(pstmt, queryString, readOnlyTree, context,
								  params, queryEnv, dest, qc);
	else
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context,
								params, queryEnv, dest, qc);

	if (OidIsValid(relid))
	{
		Relation	rel = table_open(relid, RowExclusiveLock);

		simple_heap_delete(rel, &place);
		table_close(rel, NoLock);
	}
}
