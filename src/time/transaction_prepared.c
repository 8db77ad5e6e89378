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
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lock.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "time/transaction_flight.h"
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
 * (as LockGXact() has it); InvalidTransactionId otherwise.  *stale: was it
 * prepared before the server started?
 *
 * Asks the function behind pg_prepared_xacts itself: a query would look into
 * catalogs, and the transaction to be finished may have locked those.
 */
static TransactionId
prepared_transaction_id(const char *gid, bool *stale)
{
	LOCAL_FCINFO(fcinfo, 0);
	FmgrInfo	flinfo = {0};
	ReturnSetInfo rsinfo = {0};
	TransactionId xid = InvalidTransactionId;

	flinfo.fn_addr = pg_prepared_xact;
	flinfo.fn_retset = true;
	flinfo.fn_strict = true;
	flinfo.fn_mcxt = CurrentMemoryContext;
	rsinfo.type = T_ReturnSetInfo;
	rsinfo.econtext = CreateStandaloneExprContext();
	rsinfo.allowedModes = SFRM_ValuePerCall;
	rsinfo.returnMode = SFRM_ValuePerCall;
	InitFunctionCallInfoData(*fcinfo, &flinfo, 0, InvalidOid, NULL,
							 (Node *) &rsinfo);
	for (;;)
	{
		Datum		result;
		HeapTupleHeader row;
		bool		isnull;

		fcinfo->isnull = false;
		rsinfo.isDone = ExprSingleResult;
		result = pg_prepared_xact(fcinfo);
		if (rsinfo.isDone == ExprEndResult)
			break;
		row = DatumGetHeapTupleHeader(result);
		if (strcmp(TextDatumGetCString(GetAttributeByNum(row, 2, &isnull)),
				   gid) != 0 ||
			DatumGetObjectId(GetAttributeByNum(row, 5, &isnull)) != MyDatabaseId ||
			(DatumGetObjectId(GetAttributeByNum(row, 4, &isnull)) != GetUserId() &&
			 !superuser()))
			continue;
		xid = DatumGetTransactionId(GetAttributeByNum(row, 1, &isnull));
		*stale = DatumGetTimestampTz(GetAttributeByNum(row, 3, &isnull)) <
			PgStartTime;
	}
	FreeExprContext(rsinfo.econtext, true);
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
	Relation	rel;
	HeapTuple	row;
	bool		stale = false;
	TransactionId xid = prepared_transaction_id(gid, &stale);

	if (!TransactionIdIsValid(xid))
		return;					/* PostgreSQL says why */

	/* The transaction may have locked anything: look no further than needed */
	if (!stale && (!commit || !transaction_flight_had_prepared()))
		return;
	finish->relid = transaction_log_objects()->prepared;
	if (!OidIsValid(finish->relid))
		return;
	finish->xid = xid;
	prepared_lock(finish, true);
	rel = table_open(finish->relid, RowExclusiveLock);
	row = prepared_find_row(rel, xid);
	if (row == NULL)
	{
		table_close(rel, NoLock);
		return;
	}
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
		RecoveryInProgress() || !IsTransactionState())
	{
		PASS_ON();
		return;
	}

	commit = stmt->kind == TRANS_STMT_COMMIT_PREPARED;
	PreventInTransactionBlock(context == PROCESS_UTILITY_TOPLEVEL,
							  commit ? "COMMIT PREPARED" : "ROLLBACK PREPARED");
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
