/*-------------------------------------------------------------------------
 *
 * archive_read.c
 *	  Old versions from a file
 *
 *		temporal.read_archive(file) AS (column type, ...)
 *		temporal.read_archive(file, NULL::t)
 *		temporal.archive_info(file)
 *
 * Columns are found by name.  Those of the file that are not asked for are not
 * even decoded; those that the file does not have are null, as those of a
 * version are that is older than the column.  Texts become values by the input
 * functions of the types that are asked for, under the settings with which
 * they were written (archive_text.c), in the encoding of this database.
 *
 * WHO MAY
 *		Those who may read files of the server: superusers, members of
 *		pg_read_server_files, and whom a superuser lets execute the functions.
 *		Only below temporal.archive_directories, where links lead as well.
 *
 * WHAT IS TRUSTED
 *		Nothing: a file may be damaged, or made by somebody.  Input functions
 *		are made for that; what comes before: archive_format.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/archive_directory.h"
#include "base/compat.h"
#include "catalog/archive_table.h"
#include "maintenance/archive_file.h"
#include "maintenance/archive_text.h"

PG_FUNCTION_INFO_V1(temporal_read_archive);
PG_FUNCTION_INFO_V1(temporal_archive_info);

/* Bytes of a file's name that no file system has more of */
#define READ_NAME_MAX	255

/* A column that is asked for */
typedef struct ReadColumn
{
	const char *name;
	int			source;			/* index of it in the file; -1: not there */
	FmgrInfo	input;
	Oid			ioparam;
	int32		typmod;

	/* Of the version before, in the same block */
	Datum		text;			/* 0: there is none */
	Datum		value;
} ReadColumn;

typedef struct ReadState
{
	const char *path;
	ArchiveFileReader *file;
	int			encoding;
	ReadColumn *columns;
	bool	   *wanted;			/* of the file's columns */
	ReadColumn *column;			/* where an error comes from */
	int64		version;
	MemoryContext context;		/* of the values of a block */
} ReadState;

/*
 * The path of a file without symbolic links, if it may be read; its directory
 * is in temporal.archive_directories.
 */
static char *
read_path(FunctionCallInfo fcinfo)
{
	char	   *file;
	char	   *slash;
	char	   *directory;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("file must not be null")));
	file = text_to_cstring(PG_GETARG_TEXT_PP(0));
	slash = strrchr(file, '/');
	if (strlen(file) >= MAXPGPATH ||
		(slash && strlen(slash + 1) > READ_NAME_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("path of the file is too long"),
				 errdetail("A path may have %d bytes, a name %d.",
						   MAXPGPATH - 1, READ_NAME_MAX)));
	if (!is_absolute_path(file) || slash == NULL || slash[1] == '\0' ||
		strcmp(slash, "/.") == 0 || strcmp(slash, "/..") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not the absolute path of a file",
						file)));
	directory = slash == file ? pstrdup("/") : pnstrdup(file, slash - file);
	directory = archive_directory_check(directory);
	return psprintf("%s/%s", strcmp(directory, "/") == 0 ? "" : directory,
					slash + 1);
}

/*
 * Texts of the file
 */

static int
read_encoding(const char *path, const ArchiveHeader *header)
{
	int			encoding = pg_char_to_encoding(header->encoding);

	if (encoding < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("archive \"%s\" is in an encoding that is not known",
						path)));
	return encoding;
}

static char *
read_text(int encoding, const char *text)
{
	return pg_any_to_server(text, strlen(text), encoding);
}

static void
read_error_context(void *arg)
{
	const ReadState *state = arg;

	if (state->column != NULL)
		errcontext("version " INT64_FORMAT " of archive \"%s\", column \"%s\"",
				   state->version, state->path, state->column->name);
}

/*
 * What is asked for
 */

static void
read_find_column(ReadState *state, const ArchiveHeader *header,
				 Form_pg_attribute att, ReadColumn *column)
{
	Oid			input;

	column->name = pstrdup(NameStr(att->attname));
	column->source = -1;
	for (int i = 0; i < header->ncolumns; i++)
	{
		const ArchiveColumn *source = &header->columns[i];

		if (strcmp(read_text(state->encoding, source->name),
				   column->name) != 0)
			continue;
		if (!archive_text_fits(source, att->atttypid))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of archive \"%s\" cannot be read as type %s",
							column->name, state->path,
							format_type_be(att->atttypid)),
					 errdetail("It is of type %s.",
							   read_text(state->encoding, source->type)),
					 errhint("Each column can be read as text.")));
		column->source = i;
		break;
	}
	if (column->source < 0)
		return;
	state->wanted[column->source] = true;
	getTypeInputInfo(att->atttypid, &input, &column->ioparam);
	fmgr_info(input, &column->input);
	column->typmod = att->atttypmod;
}

/*
 * Finds the columns that are asked for; 42703 if the file has none of them.
 */
static void
read_find_columns(ReadState *state, const ArchiveHeader *header,
				  TupleDesc desc)
{
	bool		found = false;

	state->columns = palloc0(Max(desc->natts, 1) * sizeof(ReadColumn));
	state->wanted = palloc0(header->ncolumns * sizeof(bool));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		state->columns[i].source = -1;
		if (att->attisdropped)
			continue;
		read_find_column(state, header, att, &state->columns[i]);
		found |= state->columns[i].source >= 0;
	}
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("archive \"%s\" has none of the columns",
						state->path),
				 errhint("temporal.archive_info() lists its columns.")));
}

/*
 * The type of the rows: of the column definition list, or of the argument
 */
static TupleDesc
read_result_type(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	TupleDesc	desc;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) ||
		(rsinfo->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("an archive can be read only where rows can be returned")));
	switch (get_call_result_type(fcinfo, NULL, &desc))
	{
		case TYPEFUNC_COMPOSITE:
			return CreateTupleDescCopy(desc);
		case TYPEFUNC_RECORD:
			if (PG_NARGS() == 1 && rsinfo->expectedDesc == NULL)
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("the columns of an archive have to be given"),
						 errhint("SELECT * FROM temporal.read_archive(file) AS (column type, ...), or temporal.read_archive(file, NULL::table).")));
			if (PG_NARGS() == 1)
				return CreateTupleDescCopy(rsinfo->expectedDesc);
			break;
		default:
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("an archive can be read only as rows of a table or a composite type")));
}

/*
 * The value of a version's column, in the context of the block
 */
static Datum
read_value(ReadState *state, ReadColumn *column, Datum text)
{
	const char *data = VARDATA_ANY(DatumGetPointer(text));
	Size		size = VARSIZE_ANY_EXHDR(DatumGetPointer(text));
	MemoryContext old;
	char	   *string;

	/* many are the same one after the other */
	if (column->text == text)
		return column->value;
	old = MemoryContextSwitchTo(state->context);
	if (memchr(data, '\0', size) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("a value in an archive has a zero byte")));
	string = read_text(state->encoding, pnstrdup(data, size));
	column->value = InputFunctionCall(&column->input, string, column->ioparam,
									  column->typmod);
	column->text = text;
	MemoryContextSwitchTo(old);
	return column->value;
}

static void
read_block(ReadState *state, const ArchiveBlock *block,
		   Tuplestorestate *store, TupleDesc desc)
{
	Datum	   *values = palloc0(desc->natts * sizeof(Datum));
	bool	   *nulls = palloc(desc->natts * sizeof(bool));

	for (int j = 0; j < desc->natts; j++)
		state->columns[j].text = (Datum) 0;
	for (int i = 0; i < block->nversions; i++)
	{
		CHECK_FOR_INTERRUPTS();
		state->version++;
		for (int j = 0; j < desc->natts; j++)
		{
			ReadColumn *column = &state->columns[j];
			int			source = column->source;

			nulls[j] = source < 0 || block->nulls[source][i];
			if (nulls[j])
				continue;
			state->column = column;
			values[j] = read_value(state, column, block->values[source][i]);
			state->column = NULL;
		}
		tuplestore_putvalues(store, desc, values, nulls);
	}
	pfree(values);
	pfree(nulls);
	MemoryContextReset(state->context);
}

/*
 * Reads the whole file into the store; what is wrong with it is an error.
 */
static void
read_all(ReadState *state, Tuplestorestate *store, TupleDesc desc)
{
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = read_error_context,
		.arg = state,
	};
	const ArchiveHeader *header;
	ArchiveBlock block;
	int			nestlevel;

	state->file = archive_file_open(state->path);
	header = archive_file_header(state->file);
	archive_file_check(state->file);
	state->encoding = read_encoding(state->path, header);
	read_find_columns(state, header, desc);
	state->context = AllocSetContextCreate(CurrentMemoryContext,
										   "temporal archive values",
										   ALLOCSET_DEFAULT_SIZES);
	error_context_stack = &callback;
	nestlevel = archive_text_enter();
	while (archive_file_next(state->file, state->wanted, &block))
		read_block(state, &block, store, desc);
	archive_text_leave(nestlevel);
	error_context_stack = callback.previous;
	archive_file_check(state->file);
	archive_file_close(state->file);
	MemoryContextDelete(state->context);
}

/*
 * temporal.read_archive(file text) RETURNS SETOF record
 * temporal.read_archive(file text, "row" anyelement) RETURNS SETOF anyelement
 */
Datum
temporal_read_archive(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ReadState	state = {0};
	MemoryContext old;

	state.path = read_path(fcinfo);
	(void) read_result_type(fcinfo);

	old = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	rsinfo->setDesc = read_result_type(fcinfo);
	rsinfo->setResult =
		tuplestore_begin_heap((rsinfo->allowedModes &
							   SFRM_Materialize_Random) != 0, false, work_mem);
	rsinfo->returnMode = SFRM_Materialize;
	MemoryContextSwitchTo(old);
	read_all(&state, rsinfo->setResult, rsinfo->setDesc);
	return (Datum) 0;
}

/*
 * The columns as a column definition list
 */
static char *
info_columns(int encoding, const ArchiveHeader *header)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < header->ncolumns; i++)
		appendStringInfo(&list, "%s%s %s", i > 0 ? ", " : "",
						 quote_identifier(read_text(encoding,
													header->columns[i].name)),
						 read_text(encoding, header->columns[i].type));
	return list.data;
}

/*
 * temporal.archive_info(file text)
 *
 * What can be known of a damaged file, and what is wrong with it.
 */
Datum
temporal_archive_info(PG_FUNCTION_ARGS)
{
	enum
	{
		INFO_DATABASE, INFO_SCHEMA, INFO_TABLE, INFO_COLUMNS, INFO_START,
		INFO_END, INFO_MADE_AT, INFO_SYSTEM, INFO_VERSIONS, INFO_FIRST_START,
		INFO_FIRST_END, INFO_LAST_END, INFO_OK, INFO_DAMAGE, INFO_RECORDED,
		INFO_Count
	};
	Datum		values[INFO_Count] = {0};
	bool		nulls[INFO_Count];
	const char *path = read_path(fcinfo);
	ArchiveFileReader *file = archive_file_open(path);
	const ArchiveHeader *header = archive_file_header(file);
	const ArchiveFooter *footer;
	const char *wrong;
	ArchiveBlock block;
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
		desc->natts != INFO_Count)
		elog(ERROR, "return type must be a row type");
	memset(nulls, true, sizeof(nulls));
#define INFO_SET(column, datum) \
	(values[column] = (datum), nulls[column] = false)
#define INFO_SET_TEXT(column, text) \
	INFO_SET(column, CStringGetTextDatum(read_text(encoding, text)))
	if (header != NULL)
	{
		int			encoding = read_encoding(path, header);

		INFO_SET_TEXT(INFO_DATABASE, header->database);
		INFO_SET_TEXT(INFO_SCHEMA, header->schema);
		INFO_SET_TEXT(INFO_TABLE, header->table);
		INFO_SET(INFO_COLUMNS,
				 CStringGetTextDatum(info_columns(encoding, header)));
		INFO_SET_TEXT(INFO_START, header->start_column);
		INFO_SET_TEXT(INFO_END, header->end_column);
		INFO_SET(INFO_MADE_AT, TimestampTzGetDatum(header->made_at));
		INFO_SET(INFO_SYSTEM,
				 DirectFunctionCall3(numeric_in,
									 CStringGetDatum(psprintf(UINT64_FORMAT,
															  header->system_identifier)),
									 ObjectIdGetDatum(InvalidOid),
									 Int32GetDatum(-1 /* typmod */ )));
	}
	while (archive_file_next(file, NULL, &block))
		CHECK_FOR_INTERRUPTS();
	footer = archive_file_footer(file);
	if (footer != NULL)
	{
		INFO_SET(INFO_VERSIONS, Int64GetDatum(footer->versions));
		INFO_SET(INFO_FIRST_START, TimestampTzGetDatum(footer->first_start));
		INFO_SET(INFO_FIRST_END, TimestampTzGetDatum(footer->first_end));
		INFO_SET(INFO_LAST_END, TimestampTzGetDatum(footer->last_end));
	}
	wrong = archive_file_wrong(file);
	INFO_SET(INFO_OK, BoolGetDatum(wrong == NULL));
	if (wrong != NULL)
		INFO_SET(INFO_DAMAGE, CStringGetTextDatum(wrong));
	INFO_SET(INFO_RECORDED, BoolGetDatum(archive_table_has(path)));
	archive_file_close(file);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values,
											 nulls));
}
