/*-------------------------------------------------------------------------
 *
 * history_scan_bound.c
 *	  Reading segments as a part of their history: clauses that are bounds
 *
 * Clauses "column OP value" where the column holds integers or times, the
 * period's among them, are evaluated on the decompressed column, before a
 * row is made of it.  Those on the period and on the key column also tell
 * which segments have to be opened.  Everything else is a filter of rows.
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
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "history/history_scan_bound.h"

/* Elements of an array that is not known, as PostgreSQL takes it */
#define SCAN_ARRAY_LENGTH	10

/*
 * Types whose order is that of the integers they are
 */
static bool
scan_is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID ||
		type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

bool
history_scan_are_integers(Oid left, Oid right)
{
	/* of one kind: a date is not compared with a time so */
	return scan_is_integer(left) &&
		(left == right ||
		 ((left == INT2OID || left == INT4OID || left == INT8OID) &&
		  (right == INT2OID || right == INT4OID || right == INT8OID)));
}

/*
 * A value of one of the integer types, as all of them are compared
 */
int64
history_scan_integer(Datum value, int16 length)
{
	switch (length)
	{
		case sizeof(int16):
			return DatumGetInt16(value);
		case sizeof(int32):
			return DatumGetInt32(value);
		default:
			return DatumGetInt64(value);
	}
}

Node *
history_scan_strip(Node *node)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

/*
 * Is the clause "key = ANY (array)"?
 */
static bool
scan_bound_keys(const SegmentTable *table, const SegmentIndexes *indexes,
				Index relid, Expr *clause, ScanBound *bound)
{
	ScalarArrayOpExpr *any = (ScalarArrayOpExpr *) clause;
	Var		   *var;
	Node	   *array;
	Oid			lefttype;
	Oid			righttype;

	if (!IsA(clause, ScalarArrayOpExpr) || !any->useOr ||
		!OidIsValid(indexes->by_key))
		return false;
	var = (Var *) history_scan_strip(linitial(any->args));
	array = lsecond(any->args);
	if (!IsA(var, Var) || var->varno != relid || var->varlevelsup != 0 ||
		var->varattno != table->key_attno ||
		any->inputcollid != indexes->key_collation ||
		get_op_opfamily_strategy(any->opno,
								 indexes->key_opfamily) != BTEqualStrategyNumber ||
		bms_is_member(relid, pull_varnos(NULL, array)) ||
		contain_volatile_functions(array) || contain_subplans(array))
		return false;
	memset(bound, 0, sizeof(*bound));
	op_input_types(any->opno, &lefttype, &righttype);
	bound->kind = SCAN_BOUND_KEYS;
	bound->exact = lefttype == var->vartype &&
		history_scan_are_integers(lefttype, righttype);
	bound->attno = var->varattno;
	bound->strategy = BTEqualStrategyNumber;
	bound->operator = any->opno;
	bound->value = (Expr *) array;
	bound->clause = clause;
	return true;
}

/*
 * Is the clause a bound of the relation?
 */
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

	if (IsA(clause, ScalarArrayOpExpr))
		return scan_bound_keys(table, indexes, relid, clause, bound);
	if (!IsA(clause, OpExpr) || list_length(((OpExpr *) clause)->args) != 2)
		return false;
	operator = ((OpExpr *) clause)->opno;
	left = history_scan_strip(linitial(((OpExpr *) clause)->args));
	right = lsecond(((OpExpr *) clause)->args);
	if (!IsA(left, Var) || ((Var *) left)->varno != relid)
	{
		Node	   *swap = history_scan_strip(right);

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
	if (lefttype == var->vartype &&
		history_scan_are_integers(lefttype, righttype))
	{
		/* from a cache: GetDefaultOpClass() reads the catalog each time */
		bound->strategy =
			get_op_opfamily_strategy(operator,
									 lookup_type_cache(lefttype,
													   TYPECACHE_BTREE_OPFAMILY)->btree_opf);
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

/*
 * The bounds among clauses, RestrictInfos or not; what is not a bound alone is
 * added to *rest.
 */
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

/*
 * How many keys an array may have
 */
double
history_scan_array_length(Expr *array)
{
	if (IsA(array, Const) && !((Const *) array)->constisnull)
	{
		ArrayType  *value =
			DatumGetArrayTypeP(((Const *) array)->constvalue);

		return ArrayGetNItems(ARR_NDIM(value), ARR_DIMS(value));
	}
	if (IsA(array, ArrayExpr) && !((ArrayExpr *) array)->multidims)
		return list_length(((ArrayExpr *) array)->elements);
	return SCAN_ARRAY_LENGTH;
}
