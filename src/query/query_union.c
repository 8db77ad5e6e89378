/*-------------------------------------------------------------------------
 *
 * query_union.c
 *	  A table and its history as one sub-query
 *
 * The sub-query has the columns of the table by number, dropped ones included,
 * so that Vars of the reference it replaces need no change; history's columns
 * are found by name.  Its arms have no WHERE and no privileges to check: see
 * query_rewrite.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_relation.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "catalog/versioned_cache.h"
#include "query/query.h"

/*
 * The relation of an arm: nothing is asked of the user, and statistics are
 * read with the rights of the reference.
 */
static void
union_arm_rights(Query *query, RangeTblEntry *ref, Query *arm,
				 RangeTblEntry *rte)
{
#ifdef TEMPORAL_HAS_PERMINFO
	addRTEPermissionInfo(&arm->rteperminfos, rte)->checkAsUser =
		getRTEPermissionInfo(query->rteperminfos, ref)->checkAsUser;
#else
	rte->checkAsUser = ref->checkAsUser;
#endif
}

/*
 * SELECT the columns of the table FROM relid, the table itself or its history
 */
static Query *
union_arm(Query *query, RangeTblEntry *ref, Relation rel,
		  const VersionedRelation *versioned, bool history)
{
	Query	   *arm = makeNode(Query);
	TupleDesc	desc = RelationGetDescr(rel);
	Relation	source = history ?
		table_open(versioned->history, AccessShareLock) : rel;
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	RangeTblRef *rtr = makeNode(RangeTblRef);

	rte->rtekind = RTE_RELATION;
	rte->relid = RelationGetRelid(source);
	rte->relkind = source->rd_rel->relkind;
	rte->rellockmode = AccessShareLock;
	rte->inh = history ? false : ref->inh;
	rte->inFromCl = true;
	rte->eref = makeAlias(RelationGetRelationName(source), NIL);
	for (int i = 0; i < RelationGetDescr(source)->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(source), i);

		rte->eref->colnames =
			lappend(rte->eref->colnames,
					makeString(att->attisdropped ? pstrdup("") :
							   pstrdup(NameStr(att->attname))));
	}

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		AttrNumber	attno = history ? versioned->history_attnos[i] :
			att->attnum;
		Expr	   *expr;

		if (att->attisdropped || attno == InvalidAttrNumber)
			expr = (Expr *) makeNullConst(att->attisdropped ? INT4OID :
										  att->atttypid, -1, InvalidOid);
		else
			expr = (Expr *) makeVar(1, attno, att->atttypid, att->atttypmod,
									att->attcollation, 0);
		arm->targetList =
			lappend(arm->targetList,
					makeTargetEntry(expr, i + 1,
									pstrdup(NameStr(att->attname)), false));
	}

	rtr->rtindex = 1;
	arm->commandType = CMD_SELECT;
	arm->querySource = QSRC_ORIGINAL;
	arm->canSetTag = true;
	arm->rtable = list_make1(rte);
	union_arm_rights(query, ref, arm, rte);

	/*
	 * Row-level security quals stay on the reference, but statistics are
	 * those of the arms: a qual that hides nothing says that not all rows may
	 * be seen, and operators that could tell of them are kept away.
	 */
	if (ref->securityQuals != NIL)
		rte->securityQuals = list_make1(makeBoolConst(true, false));
	arm->jointree = makeFromExpr(list_make1(rtr), NULL);
	if (history)
		table_close(source, NoLock);
	return arm;
}

RangeTblEntry *
query_subquery_rte(Query *subquery, const char *name)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	ListCell   *lc;

	rte->rtekind = RTE_SUBQUERY;
	rte->subquery = subquery;
	rte->alias = makeAlias(name, NIL);
	rte->eref = makeAlias(name, NIL);
	foreach(lc, subquery->targetList)
		rte->eref->colnames =
			lappend(rte->eref->colnames,
					makeString(pstrdup(lfirst_node(TargetEntry, lc)->resname)));
	rte->inFromCl = true;
	return rte;
}

/*
 * current UNION ALL history
 */
Query *
query_union(Query *query, RangeTblEntry *ref, Relation rel,
			const VersionedRelation *versioned)
{
	Query	   *result = makeNode(Query);
	Query	   *arms[2];
	SetOperationStmt *setop = makeNode(SetOperationStmt);
	RangeTblRef *refs[2];
	ListCell   *lc;

	arms[0] = union_arm(query, ref, rel, versioned, false);
	arms[1] = union_arm(query, ref, rel, versioned, true);
	foreach(lc, arms[0]->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);
		Oid			type = exprType((Node *) tle->expr);
		int32		typmod = exprTypmod((Node *) tle->expr);
		Oid			collation = exprCollation((Node *) tle->expr);

		setop->colTypes = lappend_oid(setop->colTypes, type);
		setop->colTypmods = lappend_int(setop->colTypmods, typmod);
		setop->colCollations = lappend_oid(setop->colCollations, collation);
		result->targetList =
			lappend(result->targetList,
					makeTargetEntry((Expr *) makeVar(1, tle->resno, type,
													 typmod, collation, 0),
									tle->resno, pstrdup(tle->resname),
									false));
	}
	for (int i = 0; i < 2; i++)
	{
		result->rtable =
			lappend(result->rtable,
					query_subquery_rte(arms[i],
									   i == 0 ? "current" : "history"));
		refs[i] = makeNode(RangeTblRef);
		refs[i]->rtindex = i + 1;
	}
	setop->op = SETOP_UNION;
	setop->all = true;
	setop->larg = (Node *) refs[0];
	setop->rarg = (Node *) refs[1];

	result->commandType = CMD_SELECT;
	result->querySource = QSRC_ORIGINAL;
	result->canSetTag = true;
	result->jointree = makeFromExpr(NIL, NULL);
	result->setOperations = (Node *) setop;
	return result;
}

/*
 * The planner wants to know with whose rights each relation is read; the
 * executor takes no entry that asks for none.
 */
void
query_union_planned(PlannedStmt *plan)
{
#ifdef TEMPORAL_HAS_PERMINFO
	List	   *asking = NIL;
	ListCell   *lc;

	foreach(lc, plan->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		RTEPermissionInfo *rights;

		if (rte->perminfoindex == 0)
			continue;
		rights = getRTEPermissionInfo(plan->permInfos, rte);
		rte->perminfoindex = 0;
		if (rights->requiredPerms != 0)
		{
			asking = lappend(asking, rights);
			rte->perminfoindex = list_length(asking);
		}
	}
	plan->permInfos = asking;
#endif
}
