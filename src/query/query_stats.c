/*-------------------------------------------------------------------------
 *
 * query_stats.c
 *	  Statistics of a table and its history read as one
 *
 * To the planner the reference is an append relation made of a sub-query, and
 * sub-queries have no statistics: every join would be planned as if its
 * columns had 200 values.  The columns of a table at any one time look much as
 * they do now, so the current table's statistics answer for it.
 *
 * The number of distinct values is the exception.  Statistics may have it as a
 * share of the rows, and there are more rows here; it is made a number before
 * it is handed out.
 *
 * They also answer for a history that is compressed and was never analyzed
 * before: ANALYZE sees the rows of its heap, of which there may be none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_statistic.h"
#include "miscadmin.h"
#include "nodes/pathnodes.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "catalog/segment_table.h"
#include "catalog/versioned_table.h"
#include "query/query.h"

static get_relation_stats_hook_type prev_get_relation_stats_hook = NULL;

static bool query_get_relation_stats(PlannerInfo *root, RangeTblEntry *rte,
									 AttrNumber attnum,
									 VariableStatData *vardata);

void
query_stats_init(void)
{
	prev_get_relation_stats_hook = get_relation_stats_hook;
	get_relation_stats_hook = query_get_relation_stats;
}

/*
 * The relation of an arm of our sub-query; NULL if it is none.
 */
static RangeTblEntry *
stats_arm_relation(Query *subquery, int arm)
{
	RangeTblEntry *rte;

	if (list_length(subquery->rtable) < 2)
		return NULL;
	rte = rt_fetch(arm, subquery->rtable);
	if (rte->rtekind != RTE_SUBQUERY || rte->subquery == NULL ||
		rte->subquery->rtable == NIL)
		return NULL;
	rte = rt_fetch(1, rte->subquery->rtable);
	return rte->rtekind == RTE_RELATION ? rte : NULL;
}

static double
stats_rows(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	double		rows;

	if (!HeapTupleIsValid(tuple))
		return 1;
	rows = ((Form_pg_class) GETSTRUCT(tuple))->reltuples;
	ReleaseSysCache(tuple);
	return Max(rows, 1);
}

static bool
stats_may_select(Oid relid, AttrNumber attnum)
{
	return pg_class_aclcheck(relid, GetUserId(),
							 ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck(relid, attnum, GetUserId(),
							  ACL_SELECT) == ACLCHECK_OK;
}

/*
 * The statistics of a column of the current table, for more rows than it has:
 * the number of distinct values is no share of the rows any more.
 */
static bool
stats_of_current(Oid relid, AttrNumber attnum, VariableStatData *vardata)
{
	HeapTuple	stored =
		SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relid),
						Int16GetDatum(attnum),
						BoolGetDatum(get_rel_relkind(relid) ==
									 RELKIND_PARTITIONED_TABLE));
	Form_pg_statistic stats;

	if (!HeapTupleIsValid(stored))
		return false;
	vardata->statsTuple = heap_copytuple(stored);
	vardata->freefunc = heap_freetuple;
	ReleaseSysCache(stored);
	stats = (Form_pg_statistic) GETSTRUCT(vardata->statsTuple);
	if (stats->stadistinct < 0)
		stats->stadistinct = -stats->stadistinct * stats_rows(relid);
	return true;
}

/*
 * The current table's statistics on a column of a compressed history that has
 * none.  Whether the user may see them is not asked: they are for functions
 * that tell nobody.
 */
static bool
stats_of_compressed(RangeTblEntry *rte, AttrNumber attnum,
					VariableStatData *vardata)
{
	SegmentTable segments;
	VersionedTable table;
	AttrNumber	column;
	char	   *name;

	if (rte->rtekind != RTE_RELATION || attnum <= 0 ||
		!segment_table_get(rte->relid, &segments) ||
		attnum == segments.start_attno || attnum == segments.end_attno ||
		SearchSysCacheExists3(STATRELATTINH, ObjectIdGetDatum(rte->relid),
							  Int16GetDatum(attnum), BoolGetDatum(false)) ||
		!versioned_table_find_by_history(rte->relid, &table))
		return false;
	name = get_attname(rte->relid, attnum, true);
	column = name == NULL ? InvalidAttrNumber :
		get_attnum(table.relation, name);
	if (column == InvalidAttrNumber ||
		!stats_of_current(table.relation, column, vardata))
		return false;
	vardata->acl_ok = false;
	return true;
}

static bool
query_get_relation_stats(PlannerInfo *root, RangeTblEntry *rte,
						 AttrNumber attnum, VariableStatData *vardata)
{
	RangeTblEntry *current;
	RangeTblEntry *history;
	const QueryTable *table;

	if (query_is_temporal() && rte->rtekind == RTE_SUBQUERY && rte->inh &&
		rte->subquery != NULL && rte->subquery->setOperations != NULL &&
		attnum > 0 &&
		(current = stats_arm_relation(rte->subquery, 1)) != NULL &&
		(history = stats_arm_relation(rte->subquery, 2)) != NULL &&
		(table = query_table_by_history(history->relid)) != NULL)
	{
		if (!stats_of_current(current->relid, attnum, vardata))
			return false;

		/* who may not see all rows must not learn of them by other ways */
		vardata->acl_ok = rte->securityQuals == NIL &&
			stats_may_select(current->relid, attnum);
		return true;
	}
	if (stats_of_compressed(rte, attnum, vardata))
		return true;

	if (prev_get_relation_stats_hook)
		return prev_get_relation_stats_hook(root, rte, attnum, vardata);
	return false;
}
