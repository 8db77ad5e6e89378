/*-------------------------------------------------------------------------
 *
 * query_log.c
 *	  temporal.log_queries: what each execution of a clause came to
 *
 * One DEBUG1 line for each table reference with a clause, when the execution
 * of its statement ends: the table, the clause, its times as they were
 * resolved, how many pages of the table and of its history were fetched, and
 * how many segments of the history were opened.
 *
 * MARKS	The planner takes references apart.  Both relations that one becomes
 *			are marked, in fields of their range table entries that PostgreSQL
 *			uses for CTEs alone and copies into the plan with the rest:
 *
 *				ctename			the times that are constants, as text
 *				ctelevelsup		number of the reference * 8 + kind of clause
 *				self_reference	the history?
 *
 *			They are there only in plans that were made with the setting on;
 *			changing it forgets plans.
 *
 * TIMES	that are no constants are results of InitPlans, or arguments of
 *			functions of ours, in the conditions of the scans: conditions that
 *			users wrote have none of those.  A time made of columns of other
 *			tables is different for each row, and not shown.
 *
 * PAGES	are those that the scans fetched, from shared buffers or from
 *			outside, with what their conditions made others fetch.  Only
 *			statements with marks are instrumented for it.
 *
 * Executions that fail, and statements that are only explained, leave no line.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/settings.h"
#include "catalog/extension_objects.h"
#include "history/history_heap.h"
#include "history/history_scan.h"
#include "query/query.h"

#define LOG_NTIMES	2			/* AS OF has the second, ranges have both */

typedef struct LogReference
{
	Index		mark;
	Oid			relid;
	bool		known[LOG_NTIMES];
	TimestampTz times[LOG_NTIMES];
	uint64		pages[2];		/* of the table, of its history */
	uint64		segments;
} LogReference;

typedef struct LogExecution
{
	EState	   *estate;
	List	   *references;		/* of LogReference * */
	List	   *initplans;		/* of SubPlan *, those met so far */
} LogExecution;

static uint32 log_last_reference = 0;

static ExecutorStart_hook_type prev_executor_start = NULL;
static ExecutorEnd_hook_type prev_executor_end = NULL;

static void log_executor_start(QueryDesc *query, int eflags);
static void log_executor_end(QueryDesc *query);

void
query_log_init(void)
{
	prev_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = log_executor_start;
	prev_executor_end = ExecutorEnd_hook;
	ExecutorEnd_hook = log_executor_end;
}

/*
 * Which of the two times is the other side of a comparison of the clause?  -1
 * if it is none.
 */
static int
log_time_of_comparison(const Node *clause, Index rti, AttrNumber start,
					   AttrNumber end)
{
	if (query_is_comparison(clause, BTLessStrategyNumber, rti, start) ||
		query_is_comparison(clause, BTLessEqualStrategyNumber, rti, start) ||
		query_is_comparison(clause, BTLessEqualStrategyNumber, rti, end))
		return 1;
	if (query_is_comparison(clause, BTGreaterStrategyNumber, rti, end) ||
		query_is_comparison(clause, BTGreaterEqualStrategyNumber, rti, start))
		return 0;
	return -1;
}

void
query_log_mark(Query *both, ClauseKind kind, const List *quals, Index rti,
			   const VersionedRelation *versioned)
{
	char	   *times[LOG_NTIMES] = {"-", "-"};
	const ListCell *lc;

	foreach(lc, quals)
	{
		int			n = log_time_of_comparison(lfirst(lc), rti,
											   versioned->start_attno,
											   versioned->end_attno);
		Const	   *value;

		if (n < 0)
			continue;
		value = lsecond(((OpExpr *) lfirst(lc))->args);
		if (IsA(value, Const) && !value->constisnull)
			times[n] = psprintf(INT64_FORMAT,
								DatumGetTimestampTz(value->constvalue));
	}

	log_last_reference++;
	for (int i = 0; i < 2; i++)
	{
		Query	   *arm = rt_fetch(i + 1, both->rtable)->subquery;
		RangeTblEntry *rte = rt_fetch(1, arm->rtable);

		rte->ctename = psprintf("%s %s", times[0], times[1]);
		rte->ctelevelsup = log_last_reference << 3 | kind;
		rte->self_reference = i == 1;
	}
}

/*
 * The reference that an entry belongs to; NULL if it is not among those.
 */
static LogReference *
log_find_reference(List *references, const RangeTblEntry *rte)
{
	ListCell   *lc;

	foreach(lc, references)
	{
		LogReference *reference = lfirst(lc);

		if (rte->ctename != NULL && reference->mark == rte->ctelevelsup)
			return reference;
	}
	return NULL;
}

/*
 * The references of a plan; NIL if it has none.  The table's own entry comes
 * before those of its partitions.
 */
static List *
log_references(const PlannedStmt *plan)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, plan->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		LogReference *reference;
		char		times[LOG_NTIMES][24];

		if (rte->rtekind != RTE_RELATION || rte->ctename == NULL ||
			rte->self_reference || log_find_reference(result, rte) != NULL)
			continue;
		reference = palloc0(sizeof(LogReference));
		reference->mark = rte->ctelevelsup;
		reference->relid = rte->relid;
		if (sscanf(rte->ctename, "%23s %23s", times[0], times[1]) == 2)
		{
			for (int i = 0; i < LOG_NTIMES; i++)
			{
				reference->known[i] = strcmp(times[i], "-") != 0;
				if (reference->known[i])
					reference->times[i] = strtoi64(times[i], NULL, 10);
			}
		}
		result = lappend(result, reference);
	}
	return result;
}

static bool
log_is_time_function(const Expr *expr)
{
	Oid			function;

	if (!IsA(expr, FuncExpr))
		return false;
	function = ((const FuncExpr *) expr)->funcid;
	return function == extension_function(FUNCTION_INSTANT_UPPER) ||
		function == extension_function(FUNCTION_CLAUSE_TIME) ||
		function == extension_function(FUNCTION_CLAUSE_BOUND);
}

/*
 * Is the parameter the result of an InitPlan that computes a time?
 */
static bool
log_is_time_param(const LogExecution *execution, int paramid)
{
	List	   *subplans = execution->estate->es_plannedstmt->subplans;
	ListCell   *lc;

	foreach(lc, execution->initplans)
	{
		SubPlan    *initplan = lfirst_node(SubPlan, lc);
		Plan	   *plan = list_nth(subplans, initplan->plan_id - 1);

		if (list_member_int(initplan->setParam, paramid))
			return list_length(plan->targetlist) == 1 &&
				log_is_time_function(linitial_node(TargetEntry,
												   plan->targetlist)->expr);
	}
	return false;
}

/*
 * The value of a time, if it had one in this execution.
 */
static bool
log_time_value(const LogExecution *execution, Expr *expr, TimestampTz *result)
{
	ParamListInfo list = execution->estate->es_param_list_info;
	Param	   *param = (Param *) expr;

	if (log_is_time_function(expr))
	{
		/* in place, of a parameter or of what it is in a custom plan */
		expr = linitial(((FuncExpr *) expr)->args);
		param = (Param *) expr;
		if (IsA(expr, Const) && !((Const *) expr)->constisnull)
		{
			*result = DatumGetTimestampTz(((Const *) expr)->constvalue);
			return true;
		}
		if (IsA(expr, Param) && param->paramkind == PARAM_EXTERN &&
			list != NULL && list->paramFetch == NULL &&
			param->paramid <= list->numParams &&
			!list->params[param->paramid - 1].isnull)
		{
			*result = DatumGetTimestampTz(list->params[param->paramid - 1].value);
			return true;
		}
		return false;
	}
	if (IsA(expr, Param) && param->paramkind == PARAM_EXEC &&
		log_is_time_param(execution, param->paramid))
	{
		ParamExecData *data =
			&execution->estate->es_param_exec_vals[param->paramid];

		*result = DatumGetTimestampTz(data->value);
		return data->execPlan == NULL && !data->isnull;
	}
	return false;
}

static void
log_read_quals(const LogExecution *execution, LogReference *reference,
			   List *quals, const Scan *scan, AttrNumber start, AttrNumber end)
{
	ListCell   *lc;

	foreach(lc, quals)
	{
		Node	   *clause = lfirst(lc);
		int			n = log_time_of_comparison(clause, scan->scanrelid, start,
											   end);

		if (n >= 0 && !reference->known[n])
			reference->known[n] =
				log_time_value(execution, lsecond(((OpExpr *) clause)->args),
							   &reference->times[n]);
	}
}

/*
 * A scan of one of the two relations
 */
static void
log_read_scan(const LogExecution *execution, PlanState *state)
{
	const Scan *scan = (const Scan *) state->plan;
	RangeTblEntry *rte;
	LogReference *reference;
	const VersionedRelation *versioned;
	AttrNumber	start;
	AttrNumber	end;

	if (scan->scanrelid == 0)
		return;					/* somebody else's node, of no one relation */
	rte = exec_rt_fetch(scan->scanrelid, execution->estate);
	reference = log_find_reference(execution->references, rte);
	if (reference == NULL)
		return;
	if (IsA(scan, CustomScan) &&
		strcmp(((const CustomScan *) scan)->methods->CustomName,
			   HISTORY_SCAN_NAME) == 0)
		reference->segments +=
			history_scan_counters((CustomScanState *) state)->segments_read;
	if (state->instrument != NULL)
	{
		const BufferUsage *usage = &state->instrument->bufusage;

		reference->pages[rte->self_reference ? 1 : 0] +=
			usage->shared_blks_hit + usage->shared_blks_read;
	}

	/* partitions have numbers of their own */
	versioned = versioned_cache_get(rte->self_reference ? reference->relid :
									rte->relid);
	if (versioned == NULL)
		return;
	start = versioned->start_attno;
	end = versioned->end_attno;
	if (rte->self_reference)
	{
		start = versioned->history_attnos[start - 1];
		end = versioned->history_attnos[end - 1];
	}
	log_read_quals(execution, reference, state->plan->qual, scan, start, end);
	if (IsA(scan, IndexScan))
		log_read_quals(execution, reference,
					   ((const IndexScan *) scan)->indexqualorig, scan, start,
					   end);
	else if (IsA(scan, CustomScan))
		log_read_quals(execution, reference,
					   history_heap_conditions((const CustomScan *) scan),
					   scan, start, end);
	else if (IsA(scan, BitmapHeapScan))
		log_read_quals(execution, reference,
					   ((const BitmapHeapScan *) scan)->bitmapqualorig, scan,
					   start, end);
}

static bool
log_walk(PlanState *state, LogExecution *execution)
{
	ListCell   *lc;

	foreach(lc, state->initPlan)
		execution->initplans =
			lappend(execution->initplans,
					lfirst_node(SubPlanState, lc)->subplan);
	switch (nodeTag(state->plan))
	{
		case T_SeqScan:
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
		case T_CustomScan:
			log_read_scan(execution, state);
			break;
		default:
			break;
	}
	return planstate_tree_walker(state, log_walk, execution);
}

static const char *
log_times_text(const LogReference *reference)
{
	const bool *known = reference->known;
	char	   *from = pstrdup(timestamptz_to_str(reference->times[0]));
	char	   *to = pstrdup(timestamptz_to_str(reference->times[1]));

	switch ((ClauseKind) (reference->mark & 7))
	{
		case CLAUSE_ALL:
			return "";
		case CLAUSE_AS_OF:
			return known[1] ? psprintf(" %s", to) : "";
		default:
			return known[0] && known[1] ? psprintf(" %s, %s", from, to) : "";
	}
}

static void
log_report(const LogReference *reference)
{
	ereport(DEBUG1,
			(errmsg_internal("temporal: table %s, clause %s%s, pages " UINT64_FORMAT ", of history " UINT64_FORMAT ", segments " UINT64_FORMAT,
							 get_rel_name(reference->relid),
							 query_clause_name(reference->mark & 7),
							 log_times_text(reference),
							 reference->pages[0], reference->pages[1],
							 reference->segments)));
}

static void
log_executor_start(QueryDesc *query, int eflags)
{
	if (temporal_log_queries && !(eflags & EXEC_FLAG_EXPLAIN_ONLY) &&
		log_references(query->plannedstmt) != NIL)
		query->instrument_options |= INSTRUMENT_BUFFERS;
	if (prev_executor_start)
		prev_executor_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

static void
log_executor_end(QueryDesc *query)
{
	if (temporal_log_queries && query->planstate != NULL &&
		!(query->estate->es_top_eflags & EXEC_FLAG_EXPLAIN_ONLY))
	{
		LogExecution execution = {query->estate};
		ListCell   *lc;

		execution.references = log_references(query->plannedstmt);
		if (execution.references != NIL)
			(void) log_walk(query->planstate, &execution);
		foreach(lc, execution.references)
			log_report(lfirst(lc));
	}
	if (prev_executor_end)
		prev_executor_end(query);
	else
		standard_ExecutorEnd(query);
}
