/*-------------------------------------------------------------------------
 *
 * capture_copy.c
 *	  The period columns of COPY
 *
 * COPY plans nothing, so the planner hook never sees it.  As with generated
 * columns, COPY without a column list leaves the period columns out, in both
 * directions, so that what COPY TO wrote COPY FROM reads; naming one in COPY
 * FROM is an error.  The rows get their periods from the columns' DEFAULTs.
 *
 * COPY TO of a history with segments becomes COPY (SELECT ...) TO, whose plan
 * reads them.
 *
 * While temporal.as_of is set, COPY TO becomes COPY (SELECT ...) TO, which is
 * planned, and so reads what the session reads.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/session_time.h"
#include "base/settings.h"
#include "capture/capture.h"
#include "catalog/audit_queue.h"
#include "catalog/segment_table.h"
#include "catalog/versioned_cache.h"

static ProcessUtility_hook_type prev_process_utility_hook = NULL;

static void capture_process_utility(PlannedStmt *pstmt,
									const char *queryString,
									bool readOnlyTree,
									ProcessUtilityContext context,
									ParamListInfo params,
									QueryEnvironment *queryEnv,
									DestReceiver *dest, QueryCompletion *qc);

void
capture_copy_init(void)
{
	prev_process_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = capture_process_utility;
}

/*
 * The columns COPY means when none are named.
 */
static List *
capture_copy_columns(Relation rel, const VersionedRelation *versioned)
{
	TupleDesc	desc = RelationGetDescr(rel);
	List	   *columns = NIL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && !att->attgenerated &&
			att->attnum != versioned->start_attno &&
			att->attnum != versioned->end_attno)
			columns = lappend(columns,
							  makeString(pstrdup(NameStr(att->attname))));
	}
	if (columns == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot copy table \"%s\", which has no columns but its period",
						RelationGetRelationName(rel))));
	return columns;
}

static void
capture_refuse_copied(Relation rel, const VersionedRelation *versioned,
					  List *columns)
{
	ListCell   *lc;

	foreach(lc, columns)
	{
		char	   *name = strVal(lfirst(lc));
		AttrNumber	attno = get_attnum(versioned->relid, name);

		if (attno != InvalidAttrNumber &&
			(attno == versioned->start_attno ||
			 attno == versioned->end_attno))
		{
			audit_refuse(versioned->root, "COPY of a period");
			ereport(ERROR,
					(errcode(ERRCODE_GENERATED_ALWAYS),
					 errmsg("cannot copy into column \"%s\"", name),
					 errdetail("Column \"%s\" belongs to the SYSTEM_TIME period of table \"%s\".",
							   name, RelationGetRelationName(rel)),
					 errhint("Leave the column out; for an import, a superuser can turn on temporal.allow_period_writes.")));
		}
	}
}

/*
 * COPY t (columns) TO becomes COPY (SELECT columns FROM ONLY t) TO, as COPY
 * itself does it for row-level security.  Without columns, all are meant.
 */
static void
capture_copy_query(CopyStmt *stmt)
{
	SelectStmt *select = makeNode(SelectStmt);
	RangeVar   *from = copyObject(stmt->relation);
	ListCell   *lc;

	from->inh = false;
	select->fromClause = list_make1(from);
	if (stmt->attlist == NIL)
	{
		ColumnRef  *all = makeNode(ColumnRef);
		ResTarget  *target = makeNode(ResTarget);

		all->fields = list_make1(makeNode(A_Star));
		all->location = -1;
		target->val = (Node *) all;
		target->location = -1;
		select->targetList = list_make1(target);
	}
	foreach(lc, stmt->attlist)
	{
		ColumnRef  *column = makeNode(ColumnRef);
		ResTarget  *target = makeNode(ResTarget);

		column->fields = list_make1(copyObject(lfirst(lc)));
		column->location = -1;
		target->val = (Node *) column;
		target->location = -1;
		select->targetList = lappend(select->targetList, target);
	}
	stmt->relation = NULL;
	stmt->attlist = NIL;
	stmt->query = (Node *) select;
}

/*
 * Returns the statement to run: pstmt itself, or a copy with a column list, or
 * with a query.
 * *boundary is set to what the DEFAULT of the start must look at.
 */
static PlannedStmt *
capture_copy(PlannedStmt *pstmt, HistoryBoundary *boundary)
{
	CopyStmt   *stmt = castNode(CopyStmt, pstmt->utilityStmt);
	const VersionedRelation *versioned;
	SegmentTable segments;
	Relation	rel;
	Oid			relid;
	bool		past;

	/* COPY itself complains about a table that does not exist */
	relid = RangeVarGetRelid(stmt->relation,
							 stmt->is_from ? RowExclusiveLock :
							 AccessShareLock, true);
	if (!OidIsValid(relid))
		return pstmt;
	if (!stmt->is_from && segment_table_get(relid, &segments))
	{
		pstmt = copyObject(pstmt);
		capture_copy_query(castNode(CopyStmt, pstmt->utilityStmt));
		return pstmt;
	}
	versioned = versioned_cache_get(relid);
	if (versioned == NULL)
		return pstmt;

	past = session_time_is_set && OidIsValid(versioned->history);
	if (past && stmt->is_from)
		session_time_refuse_write("COPY FROM", get_rel_name(relid));
	if (stmt->is_from && OidIsValid(versioned->history))
		*boundary = history_reach_boundary(versioned->history);
	rel = relation_open(relid, NoLock /* locked above */ );
	if (stmt->is_from && stmt->attlist && !temporal_allow_period_writes)
		capture_refuse_copied(rel, versioned, stmt->attlist);
	if (stmt->attlist == NIL || past)
		pstmt = copyObject(pstmt);
	stmt = castNode(CopyStmt, pstmt->utilityStmt);
	if (stmt->attlist == NIL)
		stmt->attlist = capture_copy_columns(rel, versioned);
	if (past && rel->rd_rel->relkind == RELKIND_RELATION)
		capture_copy_query(stmt);
	relation_close(rel, NoLock);
	return pstmt;
}

static void
capture_run_utility(PlannedStmt *pstmt, const char *queryString,
					bool readOnlyTree, ProcessUtilityContext context,
					ParamListInfo params, QueryEnvironment *queryEnv,
					DestReceiver *dest, QueryCompletion *qc)
{
	if (prev_process_utility_hook)
		prev_process_utility_hook(pstmt, queryString, readOnlyTree, context,
								  params, queryEnv, dest, qc);
	else
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context,
								params, queryEnv, dest, qc);
}

/*
 * Runs COPY with the boundary in force, and no longer than that.
 */
static void
capture_run_copy(HistoryBoundary boundary,
				 PlannedStmt *pstmt, const char *queryString,
				 bool readOnlyTree, ProcessUtilityContext context,
				 ParamListInfo params, QueryEnvironment *queryEnv,
				 DestReceiver *dest, QueryCompletion *qc)
{
	HistoryBoundary outer_boundary = capture_default_boundary;

	PG_TRY();
	{
		capture_default_boundary = boundary;
		capture_run_utility(pstmt, queryString, readOnlyTree, context,
							params, queryEnv, dest, qc);
	}
	PG_FINALLY();
	{
		capture_default_boundary = outer_boundary;
	}
	PG_END_TRY();
}

static void
capture_process_utility(PlannedStmt *pstmt, const char *queryString,
						bool readOnlyTree, ProcessUtilityContext context,
						ParamListInfo params, QueryEnvironment *queryEnv,
						DestReceiver *dest, QueryCompletion *qc)
{
	if (IsA(pstmt->utilityStmt, CopyStmt) &&
		castNode(CopyStmt, pstmt->utilityStmt)->relation != NULL &&
		!IsAbortedTransactionBlockState())
	{
		HistoryBoundary boundary = NULL;

		pstmt = capture_copy(pstmt, &boundary);
		capture_run_copy(boundary, pstmt, queryString, readOnlyTree, context,
						 params, queryEnv, dest, qc);
	}
	else
		capture_run_utility(pstmt, queryString, readOnlyTree, context,
							params, queryEnv, dest, qc);
}
