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
 *		The log has a row of a transaction that is still prepared: it was not
 *		committed then.  Whoever finishes a transaction that was prepared
 *		before the server started deletes such a row.
 *
 * LOCKING
 *		The object (temporal.prepared_transaction, xid) is locked, for the
 *		session, from before the row is looked for until the transaction is
 *		finished: of two who commit the same one, the second finds nothing
 *		left to write.
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
#include "access/transam.h"
#include "access/twophase.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lock.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "time/tick_reserve.h"
#include "time/transaction_log.h"
#include "time/transaction_prepared.h"

static ProcessUtility_hook_type prev_process_utility_hook = NULL;

/* The rest of the chain, with the arguments of the hook */
#define PASS_ON() \
	(prev_process_utility_hook ? prev_process_utility_hook : \
	 standard_ProcessUtility) (pstmt, queryString, readOnlyTree, context, \
							   params, queryEnv, dest, qc)

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
 * A prepared transaction's number with its epoch: it began before now.
 */
static FullTransactionId
prepared_full_xid(TransactionId xid)
{
	FullTransactionId next = ReadNextFullTransactionId();
	uint32		epoch = EpochFromFullTransactionId(next);

	if (xid > XidFromFullTransactionId(next))
		epoch--;
	return FullTransactionIdFromEpochAndXid(epoch, xid);
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
 * Deletes the row of a commit that did not come about; a new transaction must
 * have been begun for it.
 */
static void
prepared_delete_stale_row(TransactionId xid)
{
	static const Oid types[] = {INT8OID, INT8OID};
	Datum		values[2];
	Oid			save_userid;
	int			save_sec_context;

	values[0] = Int64GetDatum((int64) U64FromFullTransactionId(prepared_full_xid(xid)));
	values[1] = Int64GetDatum((int64) GetSystemIdentifier());
	PushActiveSnapshot(GetTransactionSnapshot());
	GetUserIdAndSecContext(&save_userid, &save_sec_context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID,
						   save_sec_context | SECURITY_LOCAL_USERID_CHANGE);
	SPI_connect();
	if (SPI_execute_with_args("DELETE FROM temporal.transaction_log l"
							  " WHERE l.xid OPERATOR(pg_catalog.=) $1"
							  " AND l.prepared_by OPERATOR(pg_catalog.=) $2",
							  2, (Oid *) types, values, NULL, false, 0) < 0)
		elog(ERROR, "could not delete from temporal.transaction_log");
	SPI_finish();
	SetUserIdAndSecContext(save_userid, save_sec_context);
	PopActiveSnapshot();
}

/* A transaction that is being finished */
typedef struct PreparedFinish
{
	Oid			relid;			/* temporal.prepared_transaction */
	TransactionId xid;			/* locked, if it is valid */
	ItemPointerData place;		/* of its row, if that is valid */
} PreparedFinish;

static void
prepared_lock(const PreparedFinish *finish, bool lock)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, finish->relid, finish->xid, 0);
	if (lock)
		(void) LockAcquire(&tag, ExclusiveLock, true, false);
	else
		(void) LockRelease(&tag, ExclusiveLock, true);
}

/*
 * Before PostgreSQL finishes it.  For a commit, writes the row that others
 * will know it by, and commits that.
 */
static void
prepared_begin_finish(PreparedFinish *finish, const char *gid, bool commit)
{
	TransactionId xid = prepared_transaction_id(gid);
	Relation	rel;
	HeapTuple	row;
	bool		isnull;
	bool		stale;

	if (!TransactionIdIsValid(xid))
		return;					/* PostgreSQL says why */
	finish->xid = xid;
	prepared_lock(finish, true);
	rel = table_open(finish->relid, RowExclusiveLock);
	row = prepared_find_row(rel, xid);
	if (row == NULL)
	{
		table_close(rel, NoLock);
		return;
	}
	stale = DatumGetTimestampTz(heap_getattr(row,
											 Anum_transaction_system_time,
											 RelationGetDescr(rel),
											 &isnull)) < tick_reserve_start();
	if (stale)
		prepared_delete_stale_row(xid);
	if (commit)
	{
		finish->place = row->t_self;
		transaction_log_write_prepared(row, RelationGetDescr(rel));
	}
	table_close(rel, NoLock);
	if (commit || stale)
	{
		CommitTransactionCommand();
		StartTransactionCommand();
	}
}

static void
prepared_finish(PreparedFinish *finish)
{
	if (ItemPointerIsValid(&finish->place))
	{
		Relation	rel = table_open(finish->relid, RowExclusiveLock);

		simple_heap_delete(rel, &finish->place);
		table_close(rel, NoLock);
	}
}

static void
prepared_process_utility(PlannedStmt *pstmt, const char *queryString,
						 bool readOnlyTree, ProcessUtilityContext context,
						 ParamListInfo params, QueryEnvironment *queryEnv,
						 DestReceiver *dest, QueryCompletion *qc)
{
	TransactionStmt *stmt = (TransactionStmt *) pstmt->utilityStmt;
	PreparedFinish finish = {0};
	bool		commit;

	if (!IsA(stmt, TransactionStmt) ||
		(stmt->kind != TRANS_STMT_COMMIT_PREPARED &&
		 stmt->kind != TRANS_STMT_ROLLBACK_PREPARED) ||
		RecoveryInProgress() || !IsTransactionState() ||
		!OidIsValid(transaction_log_objects()->prepared))
	{
		PASS_ON();
		return;
	}

	commit = stmt->kind == TRANS_STMT_COMMIT_PREPARED;
	PreventInTransactionBlock(context == PROCESS_UTILITY_TOPLEVEL,
							  commit ? "COMMIT PREPARED" : "ROLLBACK PREPARED");
	finish.relid = transaction_log_objects()->prepared;
	ItemPointerSetInvalid(&finish.place);
	PG_TRY();
	{
		prepared_begin_finish(&finish, stmt->gid, commit);
		PASS_ON();
		prepared_finish(&finish);
	}
	PG_FINALLY();
	{
		if (TransactionIdIsValid(finish.xid))
			prepared_lock(&finish, false);
	}
	PG_END_TRY();
}
