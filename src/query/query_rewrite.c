/*-------------------------------------------------------------------------
 *
 * query_rewrite.c
 *	  FOR SYSTEM_TIME becomes a query over the table and its history
 *
 * The planner hook walks each Query once and turns every reference
 *
 *		t TABLESAMPLE temporal.as_of(x) a
 *
 * into
 *
 *		(SELECT ... FROM t UNION ALL SELECT ... FROM t_history) a
 *		WHERE a.sys_start <= x AND a.sys_end > x
 *
 * The quals stand beside the reference, in a FromExpr of its own, and not
 * inside the arms: only arms without WHERE are flattened into an append
 * relation, which is what gives index look-ups, parameterised inner index
 * scans and parallel plans over both.  A FromExpr is legal below outer joins.
 *
 * COLUMNS		The arms have the columns of the table by number, so that Vars
 *				of the reference need no change; history's are found by name.
 * THE TIME		Evaluated once an execution: a constant as it is, anything
 *				else as an InitPlan, (SELECT temporal.clause_time(x, t)).  A time
 *				made of columns of other tables stays an expression over them,
 *				so that it can drive an index scan.
 * PRIVILEGES	The reference keeps what parse analysis noted: the rights on
 *				the table are checked, those on the history are not asked.
 *				Row-level security quals stay on the reference and so apply to
 *				both arms.
 * PARTITIONS	A partition has no history of its own: its partition constraint
 *				picks from the history of the whole table.
 *
 * A clause need not stand at its reference: one behind a view, and the
 * session's, are given to the references inside as the walk comes to them
 * (query_ambient.c, query_session.c).
 *
 * SQL functions in FROM are inlined by the planner after this hook; they are
 * inlined here instead, in the same way, so that clauses in them are seen.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/transam.h"
#include "catalog/heap.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/session_time.h"
#include "base/settings.h"
#include "catalog/extension_objects.h"
#include "catalog/function_expansion.h"
#include "catalog/versioned_cache.h"
#include "query/query.h"
#include "query/query_ambient.h"
#include "query/query_rewrite.h"

static planner_hook_type prev_planner_hook = NULL;
static RewriteContext *rewrite_current = NULL;

static PlannedStmt *query_planner(Query *parse, const char *query_string,
								  int cursorOptions,
								  ParamListInfo boundParams);
static void rewrite_query(Query *query, RewriteContext *context);

void
query_rewrite_init(void)
{
	prev_planner_hook = planner_hook;
	planner_hook = query_planner;
}

bool
query_is_temporal(void)
{
	return rewrite_current != NULL && rewrite_current->tables != NIL;
}

const QueryTable *
query_table_by_history(Oid history)
{
	ListCell   *lc;

	foreach(lc, rewrite_current->tables)
	{
		const QueryTable *table = lfirst(lc);

		if (table->history == history)
			return table;
	}
	return NULL;
}

bool
query_is_resolved(Oid history, TimestampTz lower, TimestampTz upper)
{
	ListCell   *lc;

	foreach(lc, rewrite_current->resolved)
	{
		const QueryResolved *resolved = lfirst(lc);

		if (resolved->history == history && resolved->lower == lower &&
			resolved->upper == upper)
			return true;
	}
	return false;
}

static void
rewrite_note_table(RewriteContext *context, const VersionedRelation *versioned)
{
	QueryTable *table = palloc(sizeof(QueryTable));

	table->history = versioned->history;
	table->history_start_attno = versioned->history_attnos[versioned->start_attno - 1];
	table->history_end_attno = versioned->history_attnos[versioned->end_attno - 1];
	context->tables = lappend(context->tables, table);
}

static PlannedStmt *
query_plan(Query *parse, const char *query_string, int cursorOptions,
		   ParamListInfo boundParams)
{
	if (prev_planner_hook)
		return prev_planner_hook(parse, query_string, cursorOptions,
								 boundParams);
	return standard_planner(parse, query_string, cursorOptions, boundParams);
}

/*
 * The same with the context in force for the hooks the planner calls.
 */
static PlannedStmt *
query_plan_rewritten(RewriteContext *context, Query *parse, int cursorOptions)
{
	PlannedStmt *result;

	rewrite_current = context;
	PG_TRY();
	{
		result = query_plan(parse, context->query_string, cursorOptions,
							context->params);
	}
	PG_FINALLY();
	{
		rewrite_current = context->outer;
	}
	PG_END_TRY();
	return result;
}

static PlannedStmt *
query_planner(Query *parse, const char *query_string, int cursorOptions,
			  ParamListInfo boundParams)
{
	RewriteContext context = {
		.query_string = query_string,
		.params = boundParams,
		.outer = rewrite_current,
	};
	AmbientClause session;
	PlannedStmt *result;

	if (session_time_is_set)
	{
		query_session_enter(&session, &context);
		rewrite_query(parse, &context);
		query_session_leave(&session, parse);
	}
	else
		rewrite_query(parse, &context);

	/* nothing to remember, the usual case, costs nothing */
	if (context.tables == NIL && rewrite_current == NULL)
		result = query_plan(parse, query_string, cursorOptions, boundParams);
	else
	{
		result = query_plan_rewritten(&context, parse, cursorOptions);
		query_union_planned(result);
	}

	/* What our own use of the planner's helpers makes the plan depend on */
	if (context.root != NULL)
	{
		result->invalItems = list_concat(result->invalItems,
										 context.root->glob->invalItems);
		result->dependsOnRole |= context.root->glob->dependsOnRole;
	}
	return result;
}

/*
 * A PlannerInfo for helpers that want one to know parameters and to note
 * dependencies.
 */
PlannerInfo *
rewrite_root(RewriteContext *context)
{
	if (context->root == NULL)
	{
		PlannerInfo *root = makeNode(PlannerInfo);

		root->glob = makeNode(PlannerGlobal);
		root->glob->boundParams = context->params;
		root->parse = makeNode(Query);
		root->query_level = 1;
		root->planner_cxt = CurrentMemoryContext;
		context->root = root;
	}
	return context->root;
}

/*
 * The character of the statement at a node's location, from 1; 0 if unknown.
 */
int
rewrite_position(RewriteContext *context, int location)
{
	if (location < 0 || context->query_string == NULL ||
		location > strlen(context->query_string))
		return 0;
	return pg_mbstrlen_with_len(context->query_string, location) + 1;
}

/*
 * Looks for references the clause makes impossible.
 */
typedef struct CheckContext
{
	Index		rti;
	int			sublevels_up;
	RewriteContext *rewrite;
} CheckContext;

static bool
rewrite_check_walker(Node *node, CheckContext *check)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		if (var->varno == check->rti &&
			var->varlevelsup == check->sublevels_up && var->varattno < 0)
		{
			int			position = rewrite_position(check->rewrite,
													var->location);

			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("system column \"%s\" cannot be read with FOR SYSTEM_TIME",
							NameStr(SystemAttributeDefinition(var->varattno)->attname)),
					 errdetail("Historical rows are stored elsewhere, by another transaction than the one that wrote the version."),
					 position > 0 ? errposition(position) : 0));
		}
		return false;
	}
	if (IsA(node, Query))
	{
		bool		result;

		check->sublevels_up++;
		result = query_tree_walker((Query *) node, rewrite_check_walker,
								   check, 0);
		check->sublevels_up--;
		return result;
	}
	return expression_tree_walker(node, rewrite_check_walker, check);
}

static void
rewrite_check_reference(Query *query, Index rti, RewriteContext *context)
{
	CheckContext check = {rti, 0, context};
	ListCell   *lc;

	foreach(lc, query->rowMarks)
	{
		if (lfirst_node(RowMarkClause, lc)->rti == rti)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("row locks are not allowed with FOR SYSTEM_TIME"),
					 errdetail("\"%s\" is read as of another time; its rows cannot be locked.",
							   rt_fetch(rti, query->rtable)->eref->aliasname),
					 errhint("FOR UPDATE OF names the tables to lock.")));
	}
	(void) query_tree_walker(query, rewrite_check_walker, &check, 0);
}

/*
 * Puts the quals beside the reference, wherever it stands in the join tree.
 */
static Node *
rewrite_join_tree(Node *jtnode, Index rti, Node *quals)
{
	if (jtnode == NULL)
		return NULL;
	if (IsA(jtnode, RangeTblRef))
	{
		if (((RangeTblRef *) jtnode)->rtindex == rti)
			return (Node *) makeFromExpr(list_make1(jtnode), quals);
	}
	else if (IsA(jtnode, FromExpr))
	{
		ListCell   *lc;

		foreach(lc, ((FromExpr *) jtnode)->fromlist)
			lfirst(lc) = rewrite_join_tree(lfirst(lc), rti, quals);
	}
	else
	{
		JoinExpr   *join = castNode(JoinExpr, jtnode);

		join->larg = rewrite_join_tree(join->larg, rti, quals);
		join->rarg = rewrite_join_tree(join->rarg, rti, quals);
	}
	return jtnode;
}

/*
 * The reference, a relation until now, becomes a sub-query; who may read it
 * is still decided by the relation.
 */
static void
rewrite_replace_rte(Query *query, RangeTblEntry *rte, Query *subquery)
{
	/* The rights to check stay behind on an entry nothing refers to */
	RangeTblEntry *spare = copyObject(rte);

	spare->tablesample = NULL;
	spare->securityQuals = NIL;
	spare->inh = false;
	spare->inFromCl = false;
	query->rtable = lappend(query->rtable, spare);

	rte->relid = InvalidOid;
	rte->relkind = 0;
	rte->rellockmode = 0;
#ifdef TEMPORAL_HAS_PERMINFO
	rte->perminfoindex = 0;
#else
	rte->requiredPerms = 0;
	rte->checkAsUser = InvalidOid;
	rte->selectedCols = NULL;
	rte->insertedCols = NULL;
	rte->updatedCols = NULL;
	rte->extraUpdatedCols = NULL;
#endif
	rte->rtekind = RTE_SUBQUERY;
	rte->subquery = subquery;
	rte->security_barrier = false;
	rte->tablesample = NULL;
	rte->inh = false;
}

/*
 * Is the reference all that MERGE ... USING names?  The planner insists on a
 * table or a join there.
 */
static bool
rewrite_is_merge_source(Query *query, Index rti)
{
	ListCell   *lc;

	if (query->commandType != CMD_MERGE)
		return false;
	foreach(lc, query->jointree->fromlist)
	{
		RangeTblRef *rtr = lfirst(lc);

		if (IsA(rtr, RangeTblRef) && rtr->rtindex == rti)
			return true;
	}
	return false;
}

/*
 * SELECT * FROM (current UNION ALL history), for quals that cannot stand
 * beside the reference
 */
static Query *
rewrite_wrap(Query *subquery, const char *name)
{
	Query	   *result = makeNode(Query);
	RangeTblRef *rtr = makeNode(RangeTblRef);

	rtr->rtindex = 1;
	result->commandType = CMD_SELECT;
	result->querySource = QSRC_ORIGINAL;
	result->canSetTag = true;
	result->targetList = copyObject(subquery->targetList);
	result->rtable = list_make1(query_subquery_rte(subquery, name));
	result->jointree = makeFromExpr(list_make1(rtr), NULL);
	return result;
}

static void
rewrite_reference(Query *query, Index rti, ClauseKind kind,
				  RewriteContext *context)
{
	RangeTblEntry *rte = rt_fetch(rti, query->rtable);
	List	   *args = rte->tablesample->args;
	const VersionedRelation *versioned =
		versioned_cache_require(rte->relid,
								rewrite_position(context,
												 exprLocation((Node *) args)));
	Relation	rel = table_open(rte->relid, NoLock /* locked by analysis */ );
	List	   *quals;
	Query	   *both;
	Query	   *subquery;
	Query	   *place = query;	/* where the quals go, */
	Index		place_rti = rti;	/* and what they are about */

	rewrite_check_reference(query, rti, context);
	if (kind != CLAUSE_AS_OF)
		query_check_grouping(query, rti, context);
	LockRelationOid(versioned->history, AccessShareLock);
	subquery = both = query_union(query, rte, rel, versioned);
	if (rewrite_is_merge_source(query, rti))
	{
		subquery = place = rewrite_wrap(subquery, rte->eref->aliasname);
		place_rti = 1;
	}

	/* OLD.x in a rule has become a column of a table beside this one */
	if (contain_vars_of_level((Node *) args, 0))
		rte->lateral = true;
	quals = query_quals(place, place_rti, kind, args, versioned, context);
	if (temporal_log_queries)
		query_log_mark(both, kind, quals, place_rti, versioned);
	if (rel->rd_rel->relispartition)
	{
		List	   *constraint = copyObject(RelationGetPartitionQual(rel));

		ChangeVarNodes((Node *) constraint, 1, place_rti, 0);
		quals = list_concat(quals, constraint);
	}
	else if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE && !rte->inh)
	{
		/* ONLY: a partitioned table has no rows of its own, nor had it any */
		quals = lappend(quals, makeBoolConst(false, false));
	}
	rewrite_replace_rte(query, rte, subquery);
	if (quals != NIL)
		(void) rewrite_join_tree((Node *) place->jointree, place_rti,
								 (Node *) make_ands_explicit(quals));
	rewrite_note_table(context, versioned);
	table_close(rel, NoLock);
}

static void
rewrite_replace_function(RangeTblEntry *rte, Query *body)
{
	rte->rtekind = RTE_SUBQUERY;
	rte->subquery = body;
	rte->security_barrier = false;

	/* As preprocess_function_rtes(): makeWholeRowVar() wants the functions */
	rte->funcordinality = false;
}

/*
 * A function of ours in FROM becomes the query it stands for; who may call it
 * is checked as when it is called.  It says itself which times it reads, and no
 * clause from outside changes that.  True if it has been walked.
 */
static bool
rewrite_expand_function(RangeTblEntry *rte, FunctionExpander expand,
						RewriteContext *context)
{
	PlannerInfo *root = rewrite_root(context);
	RangeTblFunction *rtfunc = linitial(rte->functions);
	Oid			function = ((FuncExpr *) rtfunc->funcexpr)->funcid;
	AmbientClause *ambient = context->ambient;
	Query	   *body;

	if (ambient != NULL)
		ambient->found = true;
	if (rte->funcordinality ||
		object_aclcheck(ProcedureRelationId, function, GetUserId(),
						ACL_EXECUTE) != ACLCHECK_OK)
		return false;
	rte->functions = (List *) eval_const_expressions(root,
													 (Node *) rte->functions);
	rtfunc = linitial(rte->functions);
	body = expand(castNode(FuncExpr, rtfunc->funcexpr), root);
	if (body == NULL)
		return false;
	rewrite_replace_function(rte, body);
	context->ambient = NULL;
	rewrite_query(body, context);
	context->ambient = ambient;
	return true;
}

/*
 * A SQL function in FROM becomes a sub-query if the planner would make it one;
 * so does one of ours.  True if it has been walked.
 */
static bool
rewrite_inline_function(RangeTblEntry *rte, RewriteContext *context)
{
	RangeTblFunction *rtfunc = linitial(rte->functions);
	FuncExpr   *call = (FuncExpr *) rtfunc->funcexpr;
	HeapTuple	proc;
	bool		is_sql;
	FunctionExpander expand;
	Query	   *body;

	if (list_length(rte->functions) != 1 || !IsA(call, FuncExpr) ||
		call->funcid < FirstNormalObjectId)
		return false;
	expand = function_expansion_find(call->funcid);
	if (expand != NULL)
		return rewrite_expand_function(rte, expand, context);
	proc = SearchSysCache1(PROCOID, ObjectIdGetDatum(call->funcid));
	if (!HeapTupleIsValid(proc))
		return false;
	is_sql = ((Form_pg_proc) GETSTRUCT(proc))->prolang == SQLlanguageId;
	ReleaseSysCache(proc);
	if (!is_sql)
		return false;

	rte->functions = (List *)
		eval_const_expressions(rewrite_root(context), (Node *) rte->functions);
	body = inline_set_returning_function(rewrite_root(context), rte);
	if (body != NULL)
		rewrite_replace_function(rte, body);
	return false;
}

static bool
rewrite_sublink_walker(Node *node, RewriteContext *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		rewrite_query((Query *) node, context);
		return false;
	}
	return expression_tree_walker(node, rewrite_sublink_walker, context);
}

/*
 * The sub-selects of a query's expressions.  A clause in force for the query's
 * FROM alone, if marked, is not in force for the rest.
 */
static void
rewrite_sublinks(Query *query, AmbientClause *marked, RewriteContext *context)
{
	List	   *from = query->jointree->fromlist;

	if (marked == NULL)
	{
		(void) query_tree_walker(query, rewrite_sublink_walker, context,
								 QTW_IGNORE_RC_SUBQUERIES);
		return;
	}
	(void) range_table_walker(query->rtable, rewrite_sublink_walker, context,
							  QTW_IGNORE_RC_SUBQUERIES);
	(void) rewrite_sublink_walker((Node *) from, context);

	context->ambient = marked->outer;
	query->jointree->fromlist = NIL;
	(void) query_tree_walker(query, rewrite_sublink_walker, context,
							 QTW_IGNORE_RANGE_TABLE |
							 QTW_IGNORE_CTE_SUBQUERIES);
	query->jointree->fromlist = from;
	context->ambient = marked;
}

/*
 * The same where policies decide about rows: they decide by what is, not by
 * what was at the time that is read, so that nobody gets rights back by asking
 * for a time when they had them.
 */
static void
rewrite_sublinks_secured(Query *query, AmbientClause *marked,
						 RewriteContext *context)
{
	AmbientClause *ambient = context->ambient;
	List	   *checks = query->withCheckOptions;
	List	   *view_checks = NIL;
	List	   *policies = NIL;
	ListCell   *lc,
			   *lc2;

	context->ambient = NULL;
	foreach(lc, checks)
	{
		WithCheckOption *check = lfirst_node(WithCheckOption, lc);

		if (check->kind == WCO_VIEW_CHECK)
			view_checks = lappend(view_checks, check);
		else
			(void) rewrite_sublink_walker(check->qual, context);
	}
	query->withCheckOptions = view_checks;
	foreach(lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		(void) rewrite_sublink_walker((Node *) rte->securityQuals, context);
		policies = lappend(policies, rte->securityQuals);
		rte->securityQuals = NIL;
	}

	context->ambient = ambient;
	rewrite_sublinks(query, marked, context);

	query->withCheckOptions = checks;
	forboth(lc, query->rtable, lc2, policies)
		lfirst_node(RangeTblEntry, lc)->securityQuals = lfirst(lc2);
}

/*
 * What is added to a query on the way, by query_quals() above all, is made of
 * expressions that the walk has passed: nothing is walked twice.
 */
static void
rewrite_query(Query *query, RewriteContext *context)
{
	int			nrtes = list_length(query->rtable);
	List	   *ctes = query->cteList ? list_copy(query->cteList) : NIL;
	Node	   *quals = query->jointree->quals;
	AmbientClause clause;
	AmbientClause *marked = NULL;
	ListCell   *lc;

	context->depth++;
	if (quals != NULL && (IsA(quals, FuncExpr) || IsA(quals, BoolExpr)) &&
		query_ambient_take(query, &clause, context))
	{
		(void) rewrite_sublink_walker((Node *) clause.args, context);
		query_ambient_enter(&clause, context);
		marked = &clause;
	}
	if (!query->hasSubLinks)
		;
	else if (context->ambient != NULL && query->hasRowSecurity)
		rewrite_sublinks_secured(query, marked, context);
	else
		rewrite_sublinks(query, marked, context);
	foreach(lc, ctes)
	{
		Node	   *ctequery = lfirst_node(CommonTableExpr, lc)->ctequery;

		if (IsA(ctequery, Query))
			rewrite_query((Query *) ctequery, context);
	}
	for (int rti = 1; rti <= nrtes; rti++)
	{
		RangeTblEntry *rte = rt_fetch(rti, query->rtable);
		ClauseKind	kind;

		if (rte->rtekind == RTE_RELATION)
		{
			if (context->ambient != NULL)
				query_ambient_apply(query, rti, context);
			if (rte->tablesample &&
				query_clause_kind(rte->tablesample->tsmhandler, &kind))
				rewrite_reference(query, rti, kind, context);
			continue;
		}
		if (rte->rtekind == RTE_FUNCTION &&
			rewrite_inline_function(rte, context))
			continue;
		if (rte->rtekind == RTE_SUBQUERY)
		{
			query_narrow_privileges(query, rti);
			if (rte->security_barrier && context->ambient != NULL)
				query_ambient_enter_barrier(context);
			rewrite_query(rte->subquery, context);
		}
	}
	if (marked)
		query_ambient_leave(marked, context);
	context->depth--;
}
