/*-------------------------------------------------------------------------
 *
 * ddl_options.c
 *	  Options "temporal.*" in WITH (...), SET (...) and RESET (...)
 *
 * This is the stock form of all DDL; the parser front end turns the SQL:2011
 * words into it.  Which option may stand where is decided later: here they
 * are only read, each with its value checked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "ddl/ddl.h"
#include "temporal.h"

/* zstd has higher ones, which take more memory than time allows */
#define OPTION_COMPRESSION_LEVEL_MOST	19

/* The first time that there is was a little longer ago: 4714 BC */
#define OPTION_INTERVAL_MOST_YEARS		6000

typedef void (*OptionReader) (ParseState *pstate, DefElem *def, bool reset,
							  VersioningRequest *request);

typedef struct OptionKind
{
	const char *name;
	bool		resettable;
	OptionReader read;
} OptionKind;

void
ddl_request_init(VersioningRequest *request)
{
	memset(request, 0, sizeof(*request));
	request->versioning_location = -1;
	request->period_location = -1;
	request->generated_location = -1;
	request->retention.location = -1;
	retention_policy_init(&request->retention.policy, InvalidOid);
}

static OptionSwitch
option_switch(DefElem *def)
{
	return defGetBoolean(def) ? OPTION_ON : OPTION_OFF;
}

/*
 * A name, as it stands: a bare word was folded by the scanner already.
 */
static char *
option_name(ParseState *pstate, DefElem *def)
{
	char	   *name = defGetString(def);

	if (name[0] == '\0' || strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s.%s\": \"%s\"",
						TEMPORAL_OPTION_NAMESPACE, def->defname, name),
				 errdetail("Names have 1 to %d bytes.", NAMEDATALEN - 1),
				 parser_errposition(pstate, def->location)));
	return name;
}

static void
option_system_versioning(ParseState *pstate, DefElem *def, bool reset,
						 VersioningRequest *request)
{
	request->versioning = option_switch(def);
	request->versioning_location = def->location;
}

static void
option_history_table(ParseState *pstate, DefElem *def, bool reset,
					 VersioningRequest *request)
{
	request->history_table = defGetString(def);
}

static void
option_drop_history(ParseState *pstate, DefElem *def, bool reset,
					VersioningRequest *request)
{
	request->drop_history = defGetBoolean(def);
}

static void
option_period(ParseState *pstate, DefElem *def, bool reset,
			  VersioningRequest *request)
{
	if (defGetBoolean(def))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s.%s\" can only be off",
						TEMPORAL_OPTION_NAMESPACE, def->defname),
				 errhint("Set \"temporal.period_start\" and \"temporal.period_end\" to add a period."),
				 parser_errposition(pstate, def->location)));
	request->drop_period = true;
	request->period_location = def->location;
}

static void
option_period_start(ParseState *pstate, DefElem *def, bool reset,
					VersioningRequest *request)
{
	request->period_start = option_name(pstate, def);
	request->period_location = def->location;
}

static void
option_period_end(ParseState *pstate, DefElem *def, bool reset,
				  VersioningRequest *request)
{
	request->period_end = option_name(pstate, def);
	request->period_location = def->location;
}

static void
option_generated_start(ParseState *pstate, DefElem *def, bool reset,
					   VersioningRequest *request)
{
	request->generated_start = option_name(pstate, def);
	request->generated_location = def->location;
}

static void
option_generated_end(ParseState *pstate, DefElem *def, bool reset,
					 VersioningRequest *request)
{
	request->generated_end = option_name(pstate, def);
	request->generated_location = def->location;
}

static void
option_history_index(ParseState *pstate, DefElem *def, bool reset,
					 VersioningRequest *request)
{
	request->set_history_index = true;
	if (reset)
		request->history_index = HISTORY_INDEX_KEY;
	else if (!history_index_from_name(defGetString(def),
									  &request->history_index))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s.%s\": \"%s\"",
						TEMPORAL_OPTION_NAMESPACE, def->defname,
						defGetString(def)),
				 errhint("Available values: key, gist, none."),
				 parser_errposition(pstate, def->location)));
}

static void
option_skip_unchanged(ParseState *pstate, DefElem *def, bool reset,
					  VersioningRequest *request)
{
	request->skip_unchanged = reset ? OPTION_OFF : option_switch(def);
}

static void
option_exclude_columns(ParseState *pstate, DefElem *def, bool reset,
					   VersioningRequest *request)
{
	Datum		array;
	Datum	   *names;
	bool	   *nulls;
	int			nnames;

	request->set_exclude_columns = true;
	request->exclude_columns = NIL;
	if (reset)
		return;
	array = OidFunctionCall3(F_ARRAY_IN, CStringGetDatum(defGetString(def)),
							 ObjectIdGetDatum(TEXTOID), Int32GetDatum(-1));
	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false,
					  TYPALIGN_INT, &names, &nulls, &nnames);
	for (int i = 0; i < nnames; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("option \"%s.%s\" must not contain null values",
							TEMPORAL_OPTION_NAMESPACE, def->defname),
					 parser_errposition(pstate, def->location)));
		request->exclude_columns = lappend(request->exclude_columns,
										   TextDatumGetCString(names[i]));
	}
}

static void
option_compression(ParseState *pstate, DefElem *def, bool reset,
				   VersioningRequest *request)
{
	char	   *word = reset ? "zstd" : defGetString(def);

	request->set_compression = true;
	request->compress = pg_strcasecmp(word, "zstd") == 0;
	if (!request->compress && pg_strcasecmp(word, "none") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s.%s\": \"%s\"",
						TEMPORAL_OPTION_NAMESPACE, def->defname, word),
				 errhint("Available values: zstd, none."),
				 parser_errposition(pstate, def->location)));
}

static void
option_compression_level(ParseState *pstate, DefElem *def, bool reset,
						 VersioningRequest *request)
{
	char	   *word = reset ? NULL : defGetString(def);
	char	   *end;
	long		level = VERSIONED_TABLE_COMPRESSION_LEVEL;

	if (!reset)
	{
		errno = 0;
		level = strtol(word, &end, 10);
		if (errno != 0 || end == word || *end != '\0' || level < 1 ||
			level > OPTION_COMPRESSION_LEVEL_MOST)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid value for option \"%s.%s\": \"%s\"",
							TEMPORAL_OPTION_NAMESPACE, def->defname, word),
					 errhint("Levels are 1 to %d.",
							 OPTION_COMPRESSION_LEVEL_MOST),
					 parser_errposition(pstate, def->location)));
	}
	request->compression_level = (int) level;
}

pg_noreturn static void option_refuse(ParseState *pstate, const DefElem *def,
									  const char *value, const char *detail,
									  const char *hint);

static void
option_refuse(ParseState *pstate, const DefElem *def, const char *value,
			  const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for option \"%s.%s\": \"%s\"",
					TEMPORAL_OPTION_NAMESPACE, def->defname, value),
			 errdetail("%s", detail),
			 hint ? errhint("%s", hint) : 0,
			 parser_errposition(pstate, def->location)));
}

void
ddl_option_refuse(ParseState *pstate, const DefElem *def, const char *value,
				  const char *detail)
{
	option_refuse(pstate, def, value, detail, NULL);
}

static Datum
option_parse_interval(const char *word)
{
	return DirectFunctionCall3(interval_in, CStringGetDatum(word),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

static Datum
option_parse_size(const char *word)
{
	return DirectFunctionCall1(pg_size_bytes, CStringGetTextDatum(word));
}

/*
 * What PostgreSQL cannot make a value of is a bad value of the option.  These
 * functions compute, and leave nothing behind when they fail.
 */
static Datum
option_parse(ParseState *pstate, DefElem *def, Datum (*parse) (const char *))
{
	char	   *word = defGetString(def);
	MemoryContext context = CurrentMemoryContext;
	volatile Datum value = (Datum) 0;

	PG_TRY();
	{
		value = parse(word);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		FlushErrorState();
		option_refuse(pstate, def, word,
					  psprintf("%c%s.",
							   pg_toupper((unsigned char) error->message[0]),
							   error->message + 1),
					  error->hint);
	}
	PG_END_TRY();
	return value;
}

Interval *
ddl_option_interval(ParseState *pstate, DefElem *def)
{
	Interval	most = {.month = OPTION_INTERVAL_MOST_YEARS * MONTHS_PER_YEAR};
	Interval   *interval =
		DatumGetIntervalP(option_parse(pstate, def, option_parse_interval));

	if (interval->time < 0 || interval->day < 0 || interval->month < 0)
		ddl_option_refuse(pstate, def, defGetString(def),
						  "The interval must not be negative.");
	if (DatumGetBool(DirectFunctionCall2(interval_gt,
										 IntervalPGetDatum(interval),
										 IntervalPGetDatum(&most))))
		ddl_option_refuse(pstate, def, defGetString(def),
						  psprintf("The interval must not be longer than %d years.",
								   OPTION_INTERVAL_MOST_YEARS));
	return interval;
}

int64
ddl_option_size(ParseState *pstate, DefElem *def)
{
	int64		size =
		DatumGetInt64(option_parse(pstate, def, option_parse_size));

	if (size <= 0)
		ddl_option_refuse(pstate, def, defGetString(def),
						  "The size must be positive.");
	return size;
}

static void
option_compress_after(ParseState *pstate, DefElem *def, bool reset,
					  VersioningRequest *request)
{
	VersionedTable defaults;

	if (!reset)
	{
		request->compress_after = ddl_option_interval(pstate, def);
		return;
	}
	versioned_table_defaults(&defaults);
	request->compress_after = palloc(sizeof(Interval));
	*request->compress_after = defaults.compress_after;
}

static const OptionKind option_kinds[] = {
	{"system_versioning", false, option_system_versioning},
	{"history_table", false, option_history_table},
	{"drop_history", false, option_drop_history},
	{"period", false, option_period},
	{"period_start", false, option_period_start},
	{"period_end", false, option_period_end},
	{"generated_start", false, option_generated_start},
	{"generated_end", false, option_generated_end},
	{"history_index", true, option_history_index},
	{"skip_unchanged", true, option_skip_unchanged},
	{"exclude_columns", true, option_exclude_columns},
	{"compression", true, option_compression},
	{"compression_level", true, option_compression_level},
	{"compress_after", true, option_compress_after},
	{"retention", true, ddl_option_retention},
	{"retention_period", true, ddl_option_retention},
	{"max_history_size", true, ddl_option_retention},
	{"max_history_versions", true, ddl_option_retention},
	{"retention_condition", true, ddl_option_retention},
	{"archive_before_delete", true, ddl_option_retention},
	{"archive_location", true, ddl_option_retention},
	{"retention_schedule", true, ddl_option_retention},
};

static const OptionKind *
option_find(ParseState *pstate, const DefElem *def)
{
	for (int i = 0; i < lengthof(option_kinds); i++)
	{
		if (strcmp(def->defname, option_kinds[i].name) == 0)
			return &option_kinds[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized parameter \"%s.%s\"",
					TEMPORAL_OPTION_NAMESPACE, def->defname),
			 errhint("Available options: system_versioning, history_table, history_index, skip_unchanged, exclude_columns, compression, compression_level, compress_after, retention_period, max_history_size, max_history_versions, retention_condition, archive_before_delete, archive_location, retention_schedule, period_start, period_end."),
			 parser_errposition(pstate, def->location)));
}

void
ddl_options_extract(ParseState *pstate, List **options, bool reset,
					VersioningRequest *request)
{
	List	   *rest = NIL;
	List	   *seen = NIL;
	ListCell   *lc;

	foreach(lc, *options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		const OptionKind *kind;

		if (def->defnamespace == NULL ||
			strcmp(def->defnamespace, TEMPORAL_OPTION_NAMESPACE) != 0)
		{
			rest = lappend(rest, def);
			continue;
		}
		kind = option_find(pstate, def);
		if (list_member_ptr(seen, kind))
			ereport(ERROR,
					(errcode(ERRCODE_SYNTAX_ERROR),
					 errmsg("option \"%s.%s\" given more than once",
							TEMPORAL_OPTION_NAMESPACE, def->defname),
					 parser_errposition(pstate, def->location)));
		if (reset && !kind->resettable)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s.%s\" cannot be reset",
							TEMPORAL_OPTION_NAMESPACE, def->defname),
					 parser_errposition(pstate, def->location)));
		seen = lappend(seen, unconstify(OptionKind *, kind));
		kind->read(pstate, def, reset, request);
		request->any = true;
	}
	*options = rest;
}
