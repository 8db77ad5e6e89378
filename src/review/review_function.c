/*-------------------------------------------------------------------------
 *
 * review_function.c
 *	  Functions that are queries
 *
 * temporal.changes and its kin answer with the rows of a query that depends on
 * the table: its columns, its key.  The query is generated as text, with every
 * name quoted and qualified, and there are two ways in which it runs.
 *
 * IN THE PLAN
 *		In FROM, with a table that is known when the statement is planned, the
 *		function is replaced by the query, as a SQL function would be.  Rows
 *		stream, quals are pushed into it, EXPLAIN shows it.
 * BY THE FUNCTION
 *		Anywhere else, or with a table that a parameter or a column names, the
 *		function runs the query through SPI and keeps its rows in a tuplestore,
 *		which goes to disk when it grows.
 *
 * Either way it runs with the rights of the caller, under the table's row
 * level security, and holds no more than PostgreSQL's own nodes do.
 *
 * TIMES		are arguments $2 and $3 of the text.  Where they are constants,
 *				their values shape the query.  Others are evaluated once, in a
 *				CTE that is materialised, which also refuses NULL; what was
 *				committed by then is a second one.
 *
 * Statistics extensions do not hear of the generated text: it is analysed
 * without their hook.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/planmain.h"
#include "parser/analyze.h"
#include "parser/parse_node.h"
#include "parser/parse_param.h"
#include "parser/parser.h"
#include "rewrite/rewriteManip.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "catalog/function_expansion.h"
#include "review/review.h"

/* All of them: a relation, or something of its type, and two times */
#define REVIEW_NARGS 3

typedef struct ReviewFunction
{
	ExtensionFunction function;
	const char *times[2];		/* names of the arguments */
	char	   *(*query) (const ReviewTable *table, const ReviewTime *times);
} ReviewFunction;

static const ReviewFunction review_functions[] = {
	{FUNCTION_VERSIONS, {"from", "to"}, review_versions_query},
	{FUNCTION_CHANGES, {"from", "to"}, review_changes_query},
	{FUNCTION_DIFF, {"t1", "t2"}, review_diff_query},
	{FUNCTION_DIFF_STAT, {"t1", "t2"}, review_diff_stat_query},
	{FUNCTION_FLASHBACK_VERSIONS, {"lower", "upper"}, review_flashback_query},
};

PG_FUNCTION_INFO_V1(temporal_review);

static Query *review_expand(FuncExpr *call, PlannerInfo *root);

void
review_init(void)
{
	for (int i = 0; i < lengthof(review_functions); i++)
		function_expansion_register(review_functions[i].function,
									review_expand);
}

static const ReviewFunction *
review_function_find(Oid funcid)
{
	for (int i = 0; i < lengthof(review_functions); i++)
	{
		if (extension_function(review_functions[i].function) == funcid)
			return &review_functions[i];
	}
	elog(ERROR, "function %u is not one of temporal's", funcid);
	return NULL;				/* keep the compiler quiet */
}

void
review_refuse_null(const char *argument)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("argument \"%s\" must not be null", argument)));
}

/*
 * The text of the query for a table.  known[i] tells whether time i is that of
 * the parameters already.  Adds parameters to those of the call.
 */
static char *
review_function_query(const ReviewFunction *function, Oid relation,
					  const bool *known, ReviewParameters *parameters)
{
	const ReviewTable *table = review_table_open(relation);
	ReviewTime	times[2];
	StringInfoData arguments;
	StringInfoData text;
	const char *query;
	const char *instants;

	initStringInfo(&arguments);
	for (int i = 0; i < 2; i++)
	{
		times[i].known = known[i];
		times[i].value = known[i] ?
			DatumGetTimestampTz(parameters->values[i + 1]) : DT_NOBEGIN;
		times[i].parameters = parameters;
		times[i].text = psprintf("$%d", i + 2);
		if (known[i])
			continue;
		times[i].text = psprintf("(SELECT a%d FROM argument)", i + 2);
		appendStringInfo(&arguments, "%s temporal.given_time($%d, %s) AS a%d",
						 arguments.len > 0 ? "," : "", i + 2,
						 quote_literal_cstr(function->times[i]), i + 2);
	}
	parameters->with_instants = true;
	query = function->query(table, times);
	instants = review_instants(table, parameters);

	initStringInfo(&text);
	if (arguments.len > 0)
		appendStringInfo(&text, "WITH argument AS MATERIALIZED (SELECT%s)",
						 arguments.data);
	if (*instants)
		appendStringInfo(&text, "%s instant AS MATERIALIZED (SELECT%s)",
						 text.len > 0 ? "," : "WITH", instants);
	if (text.len > 0)
		appendStringInfo(&text, " SELECT * FROM (%s) AS answer", query);
	else
		appendStringInfoString(&text, query);
	return text.data;
}

/*
 * A mistake in generated text is shown in that text, and not at the same
 * offset of the user's.
 */
static void
review_error_callback(void *arg)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery((const char *) arg);
	}
}

Query *
review_analyse(const char *text, const ReviewParameters *parameters)
{
	ErrorContextCallback callback = {error_context_stack,
	review_error_callback, unconstify(char *, text)};
	ParseState *pstate;
	Query	   *query;
	List	   *rewritten;

	error_context_stack = &callback;
	pstate = make_parsestate(NULL);
	pstate->p_sourcetext = text;
	setup_parse_fixed_parameters(pstate, parameters->types, parameters->n);
	query = transformTopLevelStmt(pstate,
								  linitial_node(RawStmt,
												raw_parser(text,
														   RAW_PARSE_DEFAULT)));
	free_parsestate(pstate);
	rewritten = pg_rewrite_query(query);
	error_context_stack = callback.previous;
	return linitial_node(Query, rewritten);
}

/*
 * Puts the arguments of the call in the place of parameters.
 */
typedef struct ArgumentContext
{
	List	   *args;
	int			sublevels_up;
	bool		has_sublinks;	/* of the query being copied */
} ArgumentContext;

static Node *
review_argument_mutator(Node *node, ArgumentContext *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXTERN)
	{
		Node	   *arg = copyObject(list_nth(context->args,
											  ((Param *) node)->paramid - 1));

		IncrementVarSublevelsUp(arg, context->sublevels_up, 0);
		context->has_sublinks |= checkExprHasSubLink(arg);
		return arg;
	}
	if (IsA(node, Query))
	{
		bool		outer = context->has_sublinks;
		Query	   *query;

		context->has_sublinks = false;
		context->sublevels_up++;
		query = query_tree_mutator((Query *) node, review_argument_mutator,
								   context, 0);
		query->hasSubLinks |= context->has_sublinks;
		context->sublevels_up--;
		context->has_sublinks = outer;
		return (Node *) query;
	}
	return expression_tree_mutator(node, review_argument_mutator, context);
}

/*
 * Does the query return what the function is declared to?
 */
static void
review_check_result(Query *query, FuncExpr *call)
{
	TupleDesc	desc;
	int			place = 0;
	ListCell   *lc;

	if (get_expr_result_type((Node *) call, NULL, &desc) !=
		TYPEFUNC_COMPOSITE)
		elog(ERROR, "function %u does not return rows", call->funcid);
	foreach(lc, query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (tle->resjunk)
			continue;
		if (place >= desc->natts ||
			exprType((Node *) tle->expr) != TupleDescAttr(desc, place)->atttypid)
			elog(ERROR, "column %d of the query for function %u has another type",
				 place + 1, call->funcid);
		place++;
	}
	if (place != desc->natts)
		elog(ERROR, "the query for function %u has %d columns", call->funcid,
			 place);
}

/*
 * The table whose rows are of a type
 */
static Oid
review_type_relation(Oid type)
{
	Oid			relation = get_typ_typrelid(type);

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("type %s is not the row type of a table",
						format_type_be(type)),
				 errhint("The first argument names a table by its row type: NULL::schema.table.")));
	return relation;
}

/*
 * The relation of a call, from a constant or from a type; InvalidOid if it is
 * not known.
 */
static Oid
review_call_relation(const ReviewFunction *function, Node *arg)
{
	Const	   *value = (Const *) arg;

	if (function->function == FUNCTION_FLASHBACK_VERSIONS)
		return review_type_relation(exprType(arg));
	if (!IsA(value, Const) || value->constisnull)
		return InvalidOid;
	return DatumGetObjectId(value->constvalue);
}

/*
 * The call's arguments, and the constants that were added to them
 */
static List *
review_arguments(FuncExpr *call, const ReviewParameters *parameters)
{
	List	   *args = list_copy(call->args);

	for (int i = REVIEW_NARGS; i < parameters->n; i++)
	{
		int16		length;
		bool		by_value;

		get_typlenbyval(parameters->types[i], &length, &by_value);
		args = lappend(args,
					   makeConst(parameters->types[i], -1, InvalidOid, length,
								 parameters->values[i], false, by_value));
	}
	return args;
}

static Query *
review_expand(FuncExpr *call, PlannerInfo *root)
{
	const ReviewFunction *function = review_function_find(call->funcid);
	Oid			relation = review_call_relation(function,
												linitial(call->args));
	bool		known[2] = {false, false};
	ReviewParameters parameters = {.n = REVIEW_NARGS};
	ArgumentContext context = {0};
	char	   *text;
	Query	   *query;

	if (!OidIsValid(relation) || list_length(call->args) != REVIEW_NARGS)
		return NULL;
	for (int i = 0; i < REVIEW_NARGS; i++)
	{
		Const	   *arg = list_nth(call->args, i);

		parameters.types[i] = exprType((Node *) arg);
		if (i == 0 || !IsA(arg, Const))
			continue;
		if (arg->constisnull)
			review_refuse_null(function->times[i - 1]);
		known[i - 1] = true;
		parameters.values[i] = arg->constvalue;
	}
	text = review_function_query(function, relation, known, &parameters);
	query = review_analyse(text, &parameters);
	review_check_result(query, call);

	/* other rights on the function, or other policies, are another plan */
	record_plan_function_dependency(root, call->funcid);
	if (query->hasRowSecurity)
		root->glob->dependsOnRole = true;
	context.args = review_arguments(call, &parameters);
	return castNode(Query, review_argument_mutator((Node *) query, &context));
}

/*
 * Runs a query through SPI and adds its rows to the function's result.
 */
static void
review_run(ReturnSetInfo *rsinfo, const char *text,
		   ReviewParameters *parameters)
{
	Portal		portal;

	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, text, parameters->n,
									   parameters->types, parameters->values,
									   NULL, true /* as the caller sees it */ ,
									   0);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, 1000);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
			tuplestore_puttuple(rsinfo->setResult, SPI_tuptable->vals[i]);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	SPI_finish();
}

/*
 * temporal.versions(relation regclass, from timestamptz, to timestamptz)
 * and all others of review_functions[]
 */
Datum
temporal_review(PG_FUNCTION_ARGS)
{
	const ReviewFunction *function;
	ReviewParameters parameters = {.n = REVIEW_NARGS};
	bool		known[2] = {true, true};
	Oid			relation = InvalidOid;
	char	   *text;

	settings_require_preload();
	function = review_function_find(fcinfo->flinfo->fn_oid);
	for (int i = 0; i < REVIEW_NARGS; i++)
	{
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, i);

		/* a table by its row type is not referred to */
		if (i == 0 && function->function == FUNCTION_FLASHBACK_VERSIONS)
		{
			relation = review_type_relation(type);
			parameters.types[i] = REGCLASSOID;
			parameters.values[i] = ObjectIdGetDatum(relation);
			continue;
		}
		if (PG_ARGISNULL(i))
			review_refuse_null(i == 0 ? "relation" : function->times[i - 1]);
		parameters.types[i] = type;
		parameters.values[i] = PG_GETARG_DATUM(i);
		if (i == 0)
			relation = PG_GETARG_OID(i);
	}
	InitMaterializedSRF(fcinfo, 0);
	text = review_function_query(function, relation, known, &parameters);
	review_run((ReturnSetInfo *) fcinfo->resultinfo, text, &parameters);
	return (Datum) 0;
}
