/*-------------------------------------------------------------------------
 *
 * retention_condition.c
 *	  The condition of a retention policy: which versions may go
 *
 * It is kept as the text that the user wrote, which is what a dump needs, and
 * read again whenever it is used.  So that it means the same every time,
 * whoever reads it, the search path is empty meanwhile: functions, operators
 * and types outside of pg_catalog have to be written with their schema.
 *
 * WHAT MAY STAND IN IT
 *		Columns of the table, and what is not volatile.  now() may: the
 *		condition is that of the moment when versions are to go.  No
 *		sub-selects: what may go would depend on what others do meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/guc.h"
#include "utils/rel.h"

#include "catalog/retention_condition.h"

/* Where names are looked for while a condition is read */
#define CONDITION_SEARCH_PATH	"pg_catalog, pg_temp"

static bool
condition_has_system_column(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return ((Var *) node)->varattno <= 0;
	return expression_tree_walker(node, condition_has_system_column, context);
}

/*
 * What the server says of a mistake in the text points into the condition,
 * not into the statement.
 */
static void
condition_error_context(void *arg)
{
	const char *condition = arg;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(condition);
	}
	errcontext("retention condition \"%s\"", condition);
}

static Expr *
condition_transform(Relation rel, const char *condition)
{
	List	   *targets = raw_parser(condition, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *select = (SelectStmt *) linitial_node(RawStmt, targets)->stmt;
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *item;
	Node	   *expression;

	/* "a FROM t", "a, b" and the like parse, too */
	if (!IsA(select, SelectStmt) || list_length(select->targetList) != 1 ||
		select->fromClause != NIL || select->whereClause != NULL ||
		select->groupClause != NIL || select->havingClause != NULL ||
		select->windowClause != NIL || select->sortClause != NIL ||
		select->limitCount != NULL || select->limitOffset != NULL ||
		select->lockingClause != NIL || select->distinctClause != NIL ||
		select->op != SETOP_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("a retention condition must be one expression")));
	pstate->p_sourcetext = condition;
	item = addRangeTableEntryForRelation(pstate, rel, AccessShareLock, NULL,
										 false, true);
	addNSItemToQuery(pstate, item, false, true, true);
	expression = linitial_node(ResTarget, select->targetList)->val;
	expression = transformExpr(pstate, expression, EXPR_KIND_POLICY);
	if (pstate->p_hasSubLinks)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a retention condition must not contain sub-selects")));
	expression = coerce_to_boolean(pstate, expression, "CONDITION");
	assign_expr_collations(pstate, expression);
	free_parsestate(pstate);

	if (condition_has_system_column(expression, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a retention condition must not refer to system columns or whole rows")));
	if (contain_volatile_functions(expression))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a retention condition must not contain volatile functions")));
	return (Expr *) expression;
}

Expr *
retention_condition_parse(Relation rel, const char *condition)
{
	ErrorContextCallback callback;
	int			nestlevel = NewGUCNestLevel();
	Expr	   *expression;

	callback.previous = error_context_stack;
	callback.callback = condition_error_context;
	callback.arg = unconstify(char *, condition);
	error_context_stack = &callback;
	(void) set_config_option("search_path", CONDITION_SEARCH_PATH,
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	expression = condition_transform(rel, condition);
	AtEOXact_GUC(true, nestlevel);
	error_context_stack = callback.previous;
	return expression;
}
