/*-------------------------------------------------------------------------
 *
 * syntax_flashback.c
 *	  FLASHBACK TABLE
 *
 *		FLASHBACK TABLE t [, ...] TO {TIMESTAMP x | SCN n} [ENABLE TRIGGERS]
 *		(Oracle's statement)
 *			CALL temporal.flashback_table(ARRAY['t'::regclass, ...], x)
 *
 * No statement of PostgreSQL begins with FLASHBACK.  The word is as long as a
 * CALL without arguments, which takes its place until the tree is there and
 * gets the real call; from TABLE on everything is blanked.
 *
 * TRIGGERS.  Oracle disables a table's triggers during a flashback unless told
 * otherwise.  Here history is written by triggers, and rows that go back in
 * time pass the same triggers as any others, so ENABLE TRIGGERS says what
 * happens anyway and DISABLE TRIGGERS is refused.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "syntax/syntax_bound.h"
#include "syntax/syntax_clause.h"
#include "syntax/syntax_expression.h"
#include "temporal.h"

#define FLASHBACK_HINT \
	"FLASHBACK TABLE is followed by names of tables, TO, TIMESTAMP or SCN and a point in time."

/* What takes the place of the word, and where the function's name is in it */
#define FLASHBACK_PLACEHOLDER		"CALL a() "
#define FLASHBACK_PLACEHOLDER_AT	5

StaticAssertDecl(sizeof(FLASHBACK_PLACEHOLDER) == sizeof("FLASHBACK"),
				 "the placeholder is as long as the word");

static int	flashback_after_tables(const SyntaxText *text, int index);
static Node *flashback_tables(const SyntaxTranslation *translation,
							  int first, int end);
static int	flashback_after_triggers(const SyntaxText *text, int index);

/*
 * Takes the FLASHBACK TABLE in tokens [first, end), if it is one.
 */
void
syntax_find_flashback(SyntaxTranslation *translation, int first, int end)
{
	const SyntaxText *text = &translation->text;
	SyntaxClause *clause;
	SyntaxBound bound;
	Node	   *tables;
	Node	   *time;
	int			to;
	int			next;
	int			start = text->tokens[first].start;

	if (!syntax_is_word(text, first + 1, SQL_TABLE))
		return;
	to = flashback_after_tables(text, first + 2);
	if (!syntax_is_word(text, to, SQL_TO))
		syntax_error_at(text, to, FLASHBACK_HINT);
	if (syntax_is_word(text, to + 1, SQL_BEFORE) &&
		syntax_is_word(text, to + 2, SQL_DROP))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("FLASHBACK TABLE ... TO BEFORE DROP is not supported"),
				 errdetail("DROP TABLE leaves nothing of a table."),
				 errhint("Restore the table from a backup; DROP TABLE without CASCADE does not drop a table that has a history."),
				 syntax_errposition(text, to + 1)));
	if (!syntax_is_word(text, to + 1, SQL_TIMESTAMP) &&
		!syntax_is_word(text, to + 1, SQL_SCN))
		syntax_error_at(text, to + 1, FLASHBACK_HINT);
	next = syntax_bound_end(text, to + 1, true, false, &bound);
	next = flashback_after_triggers(text, next);
	if (next != end)
		syntax_error_at(text, next, NULL);

	tables = flashback_tables(translation, first + 2, to);
	time = syntax_bound_time(translation, first, &bound);
	clause = syntax_take(translation, CLAUSE_FLASHBACK, first + 1, end);
	clause->token = first;
	memcpy(translation->rest + start, FLASHBACK_PLACEHOLDER,
		   strlen(FLASHBACK_PLACEHOLDER));
	clause->anchor = start + FLASHBACK_PLACEHOLDER_AT;
	clause->args = list_make2(tables, syntax_make_cast(time, "timestamptz"));
}

/*
 * Puts the call in the place of ours, if it is one.
 */
void
syntax_graft_flashback(SyntaxTranslation *translation, CallStmt *call)
{
	ListCell   *lc;

	foreach(lc, translation->clauses)
	{
		SyntaxClause *clause = lfirst(lc);

		if (clause->kind != CLAUSE_FLASHBACK ||
			clause->anchor != call->funccall->location)
			continue;
		call->funccall = (FuncCall *)
			syntax_make_call(TEMPORAL_FLASHBACK_TABLE, clause->args,
							 translation->text.tokens[clause->token].start);
		clause->placed = true;
		return;
	}
}

/*
 * Index behind the names of tables that begin at index.
 */
static int
flashback_after_tables(const SyntaxText *text, int index)
{
	for (;;)
	{
		int			next = syntax_after_name(text, index);

		if (next == index)
			syntax_error_at(text, index, FLASHBACK_HINT);
		if (!syntax_is_sign(text, next, ','))
			return next;
		index = next + 1;
	}
}

/*
 * ARRAY['t'::regclass, ...] of the names in tokens [first, end).  As
 * expressions, they are decoded as every other name is.
 */
static Node *
flashback_tables(const SyntaxTranslation *translation, int first, int end)
{
	List	   *names = syntax_expression_list(translation, first, end);
	A_ArrayExpr *tables = makeNode(A_ArrayExpr);
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, names)
	{
		ColumnRef  *name = lfirst(lc);
		StringInfoData quoted;

		if (!IsA(name, ColumnRef))
			syntax_error_at(&translation->text, first, FLASHBACK_HINT);
		initStringInfo(&quoted);
		foreach(lc2, name->fields)
		{
			if (lc2 != list_head(name->fields))
				appendStringInfoChar(&quoted, '.');
			appendStringInfoString(&quoted,
								   quote_identifier(strVal(lfirst(lc2))));
		}
		tables->elements =
			lappend(tables->elements,
					syntax_make_cast(syntax_make_string(quoted.data,
														name->location),
									 "regclass"));
	}
	tables->location = -1;
	return (Node *) tables;
}

/*
 * Index behind what is said of triggers from index on.
 */
static int
flashback_after_triggers(const SyntaxText *text, int index)
{
	if (!syntax_is_word(text, index + 1, SQL_TRIGGERS))
		return index;
	if (syntax_is_word(text, index, SQL_DISABLE))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("FLASHBACK TABLE ... DISABLE TRIGGERS is not supported"),
				 errdetail("History is written by triggers, and a flashback is a part of it."),
				 errhint("Leave it out: triggers fire as for any other change of the table."),
				 syntax_errposition(text, index)));
	return syntax_is_word(text, index, SQL_ENABLE) ? index + 2 : index;
}
