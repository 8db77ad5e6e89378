/*-------------------------------------------------------------------------
 *
 * review_where.c
 *	  A condition that a user hands over as text
 *
 * temporal.restore() takes the condition of a WHERE clause as text, and puts
 * it into a query.  It must be one expression, whole by itself: the server's
 * parser says so, in the mode in which it parses expressions of PL/pgSQL.
 * What is one expression alone is one in parentheses as well, so that it
 * cannot get out of the place it is put in.  It runs with the rights of the
 * caller, who could have typed it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parser.h"

#include "review/review.h"

/*
 * A mistake is shown in the condition.
 */
static void
where_error_callback(void *arg)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery((const char *) arg);
	}
}

static bool
where_has_parameter(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, ParamRef))
	{
		*((int *) context) = ((ParamRef *) node)->number;
		return true;
	}
	return raw_expression_tree_walker(node, where_has_parameter, context);
}

/*
 * 42601 unless the text is one expression.
 */
static void
where_check_syntax(const char *where)
{
	ErrorContextCallback callback = {error_context_stack,
	where_error_callback, unconstify(char *, where)};
	SelectStmt *select;
	ResTarget  *target;
	int			parameter;

	error_context_stack = &callback;
	select = (SelectStmt *) linitial_node(RawStmt,
										  raw_parser(where,
													 RAW_PARSE_PLPGSQL_EXPR))->stmt;
	error_context_stack = callback.previous;

	target = IsA(select, SelectStmt) && list_length(select->targetList) == 1 ?
		linitial_node(ResTarget, select->targetList) : NULL;
	if (target == NULL || target->name != NULL || target->indirection != NIL ||
		select->distinctClause != NIL || select->intoClause != NULL ||
		select->fromClause != NIL || select->whereClause != NULL ||
		select->groupClause != NIL || select->havingClause != NULL ||
		select->windowClause != NIL || select->valuesLists != NIL ||
		select->sortClause != NIL || select->limitOffset != NULL ||
		select->limitCount != NULL || select->lockingClause != NIL ||
		select->withClause != NULL || select->op != SETOP_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("condition must be one expression"),
				 errdetail("\"%s\" is more than that, or less.", where),
				 errhint("It is what could stand behind WHERE.")));
	if (where_has_parameter(target->val, &parameter))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_PARAMETER),
				 errmsg("there is no parameter $%d", parameter)));
}

char *
review_where_text(const ReviewTable *table, const char *where, bool *key_only)
{
	static const ReviewParameters none = {0};
	char	   *text;
	Query	   *query;
	Bitmapset  *used = NULL;

	where_check_syntax(where);

	/* a comment at its end must not comment out what follows */
	text = psprintf(strstr(where, "--") ? "(%s\n)" : "(%s)", where);
	query = review_analyse(psprintf("SELECT FROM %s WHERE %s", table->name,
									text), &none);
	pull_varattnos(query->jointree->quals, 1, &used);
	*key_only = table->nkeys > 0 && !query->hasSubLinks &&
		!contain_volatile_functions(query->jointree->quals);
	for (int i = 0; i < table->nkeys; i++)
		used = bms_del_member(used, table->keys[i]->attno -
							  FirstLowInvalidHeapAttributeNumber);
	*key_only &= bms_is_empty(used);
	return text;
}
