/*-------------------------------------------------------------------------
 *
 * history_scan_bound.c
 *	  Reading segments as a part of their history: clauses that are bounds
 *
 * Clauses "column OP value" where the column holds integers or times, the
 * period's among them, are evaluated on the decompressed column, before a row
 * is made of it.  Those on the period and on the key column also tell which
 * segments have to be opened.  Everything else is a filter of rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/compat_query.h"
#include "history/history_scan_bound.h"

/*
 * Types whose order is that of the integers they are
 */
static bool
scan_is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID ||
		type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

/* From a cache: GetDefaultOpClass() reads the catalog each time */
static Oid
scan_opfamily(Oid type)
{
	return lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
}

Node *
history_scan_strip_relabel(Node *node)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

bool
history_scan_bound(const SegmentTable *table, const SegmentIndexes *indexes,
				   Index relid, Expr *clause, ScanBound *bound)
{
	Oid			operator;
	Node	   *left;
	Node	   *right;
	Var		   *var;
	Oid			lefttype;
	Oid			righttype;

	if (!IsA(clause, OpExpr) || list_length(((OpExpr *) clause)->args) != 2)
		return false;
	operator = ((OpExpr *) clause)->opno;
	left = history_scan_strip_relabel(linitial(((OpExpr *) clause)->args));
	right = lsecond(((OpExpr *) clause)->args);
	if (!IsA(left, Var) || ((Var *) left)->varno != relid)
	{
		Node	   *swap = history_scan_strip_relabel(right);

		right = linitial(((OpExpr *) clause)->args);
		left = swap;
		operator = get_commutator(operator);
	}
	if (!IsA(left, Var) || ((Var *) left)->varno != relid ||
		((Var *) left)->varlevelsup != 0 || ((Var *) left)->varattno <= 0 ||
		!OidIsValid(operator))
		return false;
	var = (Var *) left;
	if (bms_is_member(relid, pull_varnos(NULL, right)) ||
		contain_volatile_functions(right) || contain_subplans(right))
		return false;

	memset(bound, 0, sizeof(*bound));
	bound->attno = var->varattno;
	bound->operator = operator;
	bound->value = (Expr *) right;
	bound->clause = clause;

	/* its types are what it compares, which a domain is not */
	op_input_types(operator, &lefttype, &righttype);
	if (scan_is_integer(var->vartype) && lefttype == var->vartype &&
		scan_is_integer(righttype))
	{
		Oid			family = scan_opfamily(lefttype);

		/* of the same kind: not a date with a time */
		if (lefttype == righttype || family == scan_opfamily(INT4OID))
			bound->strategy = get_op_opfamily_strategy(operator, family);
		if (bound->strategy != 0)
		{
			bound->kind = SCAN_BOUND_INTEGER;
			bound->exact = true;
			return true;
		}
	}
	if (var->varattno == table->key_attno && OidIsValid(indexes->by_key))
	{
		bound->strategy = get_op_opfamily_strategy(operator,
												   indexes->key_opfamily);
		if (bound->strategy != 0 &&
			((OpExpr *) clause)->inputcollid == indexes->key_collation)
		{
			bound->kind = SCAN_BOUND_KEY;
			return true;
		}
	}
	return false;
}

List *
history_scan_bounds(const SegmentTable *table, const SegmentIndexes *indexes,
					RelOptInfo *rel, List *clauses, List **rest)
{
	List	   *bounds = NIL;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		ScanBound	bound;

		if (rinfo->pseudoconstant)
			continue;
		if (restriction_is_securely_promotable(rinfo, rel) &&
			history_scan_bound(table, indexes, rel->relid, rinfo->clause,
							   &bound))
		{
			ScanBound  *kept = palloc(sizeof(ScanBound));

			*kept = bound;
			bounds = lappend(bounds, kept);
			if (bound.exact)
				continue;
		}
		*rest = lappend(*rest, rinfo->clause);
	}
	return bounds;
}
