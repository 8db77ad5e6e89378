/*-------------------------------------------------------------------------
 *
 * transaction_order.c
 *	  Rewriting temporal.transaction_log keeps the order of its rows
 *
 * transaction_scan.c relies on the order of the rows.  A statement that
 * rewrites tables copies them as a sequential scan returns them, and that
 * begins in the middle if another scan of a large table is, or was, there
 * (synchronize_seqscans).  Which tables VACUUM FULL will come to is not known
 * beforehand, so it and ALTER TABLE scan from the beginning, all of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "tcop/utility.h"

#include "time/transaction_order.h"

static ProcessUtility_hook_type prev_process_utility_hook = NULL;

/* The rest of the chain, with the arguments of the hook */
#define PASS_ON() \
	(prev_process_utility_hook ? prev_process_utility_hook : \
	 standard_ProcessUtility) (pstmt, queryString, readOnlyTree, context, \
							   params, queryEnv, dest, qc)

static void order_process_utility(PlannedStmt *pstmt, const char *queryString,
								  bool readOnlyTree,
								  ProcessUtilityContext context,
								  ParamListInfo params,
								  QueryEnvironment *queryEnv,
								  DestReceiver *dest, QueryCompletion *qc);

void
transaction_order_init(void)
{
	prev_process_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = order_process_utility;
}

/*
 * A statement that may rewrite a table as it lies?  VACUUM with any option,
 * since FULL can be one of several.
 */
static bool
order_may_rewrite(const Node *stmt)
{
	return IsA(stmt, AlterTableStmt) || IsA(stmt, AlterTableMoveAllStmt) ||
		IsA(stmt, ClusterStmt) ||
		(IsA(stmt, VacuumStmt) && ((const VacuumStmt *) stmt)->options != NIL);
}

static void
order_process_utility(PlannedStmt *pstmt, const char *queryString,
					  bool readOnlyTree, ProcessUtilityContext context,
					  ParamListInfo params, QueryEnvironment *queryEnv,
					  DestReceiver *dest, QueryCompletion *qc)
{
	bool		saved = synchronize_seqscans;

	if (!order_may_rewrite(pstmt->utilityStmt))
	{
		PASS_ON();
		return;
	}

	PG_TRY();
	{
		synchronize_seqscans = false;
		PASS_ON();
	}
	PG_FINALLY();
	{
		synchronize_seqscans = saved;
	}
	PG_END_TRY();
}
