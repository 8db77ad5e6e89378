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
 *		before the server started, crashed or was promoted, deletes such a
 *		row; the same if the session ended between the two.
 *
 * LOCKING
 *		The object (temporal.prepared_transaction, xid) is locked, for the
 *		session, from before the transaction is prepared until it is, and from
 *		before its row is looked for until it is finished.  Who does not get
 *		the lock finds the transaction busy, before he has written anything:
 *		PostgreSQL, which has the same rule, would tell him too late.
 *
 *		PREPARE TRANSACTION lets go when the memory of the transaction goes:
 *		that is the first moment after PostgreSQL itself has let go of it.
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
#include "storage/ipc.h"
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

static void prepared_forget_lock(XactEvent event, void *arg);
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
	RegisterXactCallback(prepared_forget_lock, NULL);
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
 *
 * Asks the function behind pg_prepared_xacts itself: a query would look into
 * catalogs, and the transaction to be finished may have locked those.
 */
static TransactionId
prepared_transaction_id(const char *gid)
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
	LOCKTAG		lock;
	bool		locked;
	bool		is_half;		/* its row is, or may be, in the log alone */
	ItemPointerData place;		/* of its row here, if that is valid */
} PreparedFinish;

static PreparedFinish *prepared_finishing = NULL;

/*
 * The lock on a transaction that is being prepared or finished; see the head
 * of this file.
 */
static LOCKTAG
prepared_lock_tag(Oid relid, TransactionId xid)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, relid, xid, 0);
	return tag;
}

/* The lock of PREPARE TRANSACTION */
static LOCKTAG prepared_lock;
static bool prepared_is_locked = false;

static void
prepared_unlock(void *arg)
{
	if (prepared_is_locked)
		(void) LockRelease(&prepared_lock, ExclusiveLock, true);
	prepared_is_locked = false;
}

/*
 * A transaction that fails releases the locks of the session, too.
 */
static void
prepared_forget_lock(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT)
		prepared_is_locked = false;
}

void
transaction_prepared_lock(void)
{
	MemoryContextCallback *callback;

	callback = MemoryContextAllocZero(TopTransactionContext,
									  sizeof(MemoryContextCallback));
	callback->func = prepared_unlock;
	MemoryContextRegisterResetCallback(TopTransactionContext, callback);
	prepared_lock = prepared_lock_tag(transaction_log_objects()->prepared,
									  GetTopTransactionId());
	(void) LockAcquire(&prepared_lock, ExclusiveLock, true, false);
	prepared_is_locked = true;
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
	TransactionId xid = prepared_transaction_id(gid);
	bool		half;

	if (!TransactionIdIsValid(xid))
		return;					/* PostgreSQL says why */

	/* The transaction may have locked anything: look no further than needed */
	half = transaction_flight_may_be_half(prepared_full_xid(xid));
	if (!half && (!commit || !transaction_flight_had_prepared()))
		return;
	finish->relid = transaction_log_objects()->prepared;
	if (!OidIsValid(finish->relid))
		return;
	finish->lock = prepared_lock_tag(finish->relid, xid);
	if (LockAcquire(&finish->lock, ExclusiveLock, true,
					true /* do not wait */ ) == LOCKACQUIRE_NOT_AVAIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("prepared transaction with identifier \"%s\" is busy",
						gid)));
	finish->locked = true;
	rel = table_open(finish->relid, RowExclusiveLock);
	row = prepared_find_row(rel, xid);
	if (row == NULL)
	{
		table_close(rel, NoLock);
		return;
	}
	if (half)
		prepared_delete_stale_row(xid);
	if (commit)
	{
		finish->place = row->t_self;
		finish->is_half = true;
		transaction_log_write_prepared(row, RelationGetDescr(rel));
	}
	table_close(rel, NoLock);
	if (commit || half)
	{
		CommitTransactionCommand();
		StartTransactionCommand();
	}
}

static void
prepared_end_finish(PreparedFinish *finish)
{
	finish->is_half = false;
	if (ItemPointerIsValid(&finish->place))
	{
		Relation	rel = table_open(finish->relid, RowExclusiveLock);

		/* what is stored out of line is not found without a snapshot */
		PushActiveSnapshot(GetTransactionSnapshot());
		simple_heap_delete(rel, &finish->place);
		PopActiveSnapshot();
		table_close(rel, NoLock);
	}
}

static void
prepared_let_go(PreparedFinish *finish)
{
	if (finish->is_half)
		transaction_flight_note_unfinished();
	if (finish->locked)
		(void) LockRelease(&finish->lock, ExclusiveLock, true);
}

/*
 * The session ends; its locks go by themselves.
 */
static void
prepared_exit(int code, Datum arg)
{
	if (prepared_finishing != NULL && prepared_finishing->is_half)
		transaction_flight_note_unfinished();
}

static void
prepared_process_utility(PlannedStmt *pstmt, const char *queryString,
						 bool readOnlyTree, ProcessUtilityContext context,
						 ParamListInfo params, QueryEnvironment *queryEnv,
						 DestReceiver *dest, QueryCompletion *qc)
{
	TransactionStmt *stmt = (TransactionStmt *) pstmt->utilityStmt;
	static bool registered = false;
	PreparedFinish finish = {0};
	bool		commit;

	if (IsA(stmt, TransactionStmt) &&
		(stmt->kind == TRANS_STMT_BEGIN || stmt->kind == TRANS_STMT_START))
		transaction_flight_note_begin();
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
	if (!registered)
		before_shmem_exit(prepared_exit, (Datum) 0);
	registered = true;
	PG_TRY();
	{
		prepared_finishing = &finish;
		prepared_begin_finish(&finish, stmt->gid, commit);
		PASS_ON();
		prepared_end_finish(&finish);
	}
	PG_FINALLY();
	{
		prepared_finishing = NULL;
		prepared_let_go(&finish);
	}
	PG_END_TRY();
}
