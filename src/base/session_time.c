/*-------------------------------------------------------------------------
 *
 * session_time.c
 *	  temporal.as_of: the time at which the session reads versioned tables
 *
 * The value is the text of a time, or scn:<n>, transaction:<xid> or
 * snapshot:<name>.  What it means is settled when it is SET: the check hook
 * replaces it by the time in UTC, so that neither a later SET timezone nor a
 * snapshot that is dropped moves it, and so that parallel workers, which are
 * handed the text, get the same time.
 *
 * WHEN THAT CANNOT BE DONE
 *		Outside a transaction, and where a value comes from a configuration
 *		file, ALTER ROLE or the client's options, a number or name is not
 *		looked up: a session must be able to start.  It is looked up when a
 *		statement first needs it.
 *
 * PLANS
 *		The time is a constant in each plan.  Whenever it changes, also because
 *		a transaction or a function with a setting of its own ends, the
 *		session's cached plans are forgotten.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/plancache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/session_time.h"
#include "base/settings.h"
#include "temporal.h"

#define SESSION_TIME_NAME	"temporal.as_of"

/* What the text says: the setting's "extra" */
typedef struct SessionTime
{
	SessionTimeKind kind;
	TimestampTz time;			/* of SESSION_TIME_TIMESTAMP */
	int64		number;			/* of scn and transaction */
} SessionTime;

static const struct
{
	const char *prefix;
	SessionTimeKind kind;
}			session_time_prefixes[] = {
	{"scn:", SESSION_TIME_SCN},
	{"transaction:", SESSION_TIME_TRANSACTION},
	{"snapshot:", SESSION_TIME_SNAPSHOT},
};

bool		session_time_is_set = false;
SessionTimeResolver session_time_resolver = NULL;

static char *session_time_text = NULL;

/* What is set now; becomes a timestamp when it is first needed */
static SessionTime session_time_current;

static bool session_time_check(char **newval, void **extra, GucSource source);
static void session_time_assign(const char *newval, void *extra);

void
session_time_init(void)
{
	DefineCustomStringVariable(SESSION_TIME_NAME,
							   "Reads every system-versioned table as of this time.",
							   "A time, scn:<n>, transaction:<xid> or snapshot:<name>; empty for the present.",
							   &session_time_text,
							   "", PGC_USERSET, GUC_EXPLAIN,
							   session_time_check, session_time_assign, NULL);
}

/*
 * Reads the text of a time as timestamptz_in() would, without its errors.
 */
static bool
session_time_parse_timestamp(const char *text, TimestampTz *result)
{
	char		work[MAXDATELEN + MAXDATEFIELDS];
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	int			nfields;
	int			dtype;
	struct pg_tm tm;
	fsec_t		fsec;
	int			tz;
	int			error = ParseDateTime(text, work, sizeof(work), field, ftype,
									  MAXDATEFIELDS, &nfields);

	if (error == 0)
		error = temporal_decode_datetime(field, ftype, nfields, &dtype, &tm,
										 &fsec, &tz);
	if (error == 0)
	{
		switch (dtype)
		{
			case DTK_DATE:
				if (tm2timestamp(&tm, fsec, &tz, result) != 0)
					error = DTERR_FIELD_OVERFLOW;
				break;
			case DTK_EPOCH:
				*result = SetEpochTimestamp();
				break;
			case DTK_LATE:
				TIMESTAMP_NOEND(*result);
				break;
			case DTK_EARLY:
				TIMESTAMP_NOBEGIN(*result);
				break;
			default:
				error = DTERR_BAD_FORMAT;
		}
	}
	if (error == 0)
		return true;

	GUC_check_errcode(error == DTERR_BAD_FORMAT ?
					  ERRCODE_INVALID_DATETIME_FORMAT :
					  ERRCODE_DATETIME_FIELD_OVERFLOW);
	GUC_check_errhint("The value is a time, scn:<n>, transaction:<xid> or snapshot:<name>; an empty one reads the present.");
	return false;
}

/*
 * Fills *time with what the text, which is not empty, says; and *name with
 * where the name of a snapshot begins in it.
 */
static bool
session_time_parse(const char *text, SessionTime *time, const char **name)
{
	*name = text;
	time->number = 0;
	while (isspace((unsigned char) *text))
		text++;
	for (int i = 0; i < lengthof(session_time_prefixes); i++)
	{
		const char *prefix = session_time_prefixes[i].prefix;
		char	   *end;

		if (pg_strncasecmp(text, prefix, strlen(prefix)) != 0)
			continue;
		time->kind = session_time_prefixes[i].kind;
		*name = text + strlen(prefix);
		if (time->kind == SESSION_TIME_SNAPSHOT)
			return true;
		errno = 0;
		time->number = strtoi64(*name, &end, 10);
		if (end != *name && *end == '\0' && errno == 0)
			return true;
		GUC_check_errcode(ERRCODE_INVALID_PARAMETER_VALUE);
		GUC_check_errdetail("A number of type bigint must follow \"%s\".",
							prefix);
		return false;
	}
	time->kind = SESSION_TIME_TIMESTAMP;
	return session_time_parse_timestamp(text, &time->time);
}

static void
session_time_resolve(SessionTime *time, const char *name)
{
	time->time = session_time_resolver(time->kind, time->number, name);
	time->kind = SESSION_TIME_TIMESTAMP;
}

/*
 * The time in UTC, for anybody to read.
 */
static void
session_time_print(TimestampTz t, char *buffer)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (TIMESTAMP_NOT_FINITE(t))
		EncodeSpecialTimestamp(t, buffer);
	else if (timestamp2tm(t, NULL, &tm, &fsec, NULL, NULL) == 0)
	{
		tm.tm_isdst = 0;		/* else the zone is left out */
		EncodeDateTime(&tm, fsec, true, 0, NULL, USE_ISO_DATES, buffer);
	}
	else
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
}

static bool
session_time_check(char **newval, void **extra, GucSource source)
{
	SessionTime time;
	const char *name;

	if (*newval == NULL || (*newval)[0] == '\0')
		return true;
	if (!temporal_preloaded)
	{
		GUC_check_errcode(ERRCODE_TEMPORAL_NOT_PRELOADED);
		GUC_check_errdetail("Without extension \"%s\" in shared_preload_libraries the present would be read.",
							TEMPORAL_EXTENSION);
		return false;
	}
	if (!session_time_parse(*newval, &time, &name))
		return false;
	if (time.kind != SESSION_TIME_TIMESTAMP && source == PGC_S_SESSION &&
		IsTransactionState())
		session_time_resolve(&time, name);

	if (time.kind == SESSION_TIME_TIMESTAMP)
	{
		char		text[MAXDATELEN + 1];
		char	   *copy;

		session_time_print(time.time, text);
		copy = temporal_guc_strdup(text);
		if (copy == NULL)
			return false;
		temporal_guc_free(*newval);
		*newval = copy;
	}
	*extra = temporal_guc_malloc(sizeof(SessionTime));
	if (*extra == NULL)
		return false;
	*(SessionTime *) *extra = time;
	return true;
}

static void
session_time_assign(const char *newval, void *extra)
{
	const SessionTime *time = extra;
	bool		same = session_time_is_set == (time != NULL);

	if (same && time != NULL)
		same = time->kind == SESSION_TIME_TIMESTAMP &&
			session_time_current.kind == SESSION_TIME_TIMESTAMP &&
			time->time == session_time_current.time;

	session_time_is_set = time != NULL;
	if (time != NULL)
		session_time_current = *time;
	if (!same)
		ResetPlanCache();
}

TimestampTz
session_time_get(void)
{
	Assert(session_time_is_set);
	if (session_time_current.kind != SESSION_TIME_TIMESTAMP)
	{
		SessionTime time;
		const char *name;

		/* once more, for the name */
		if (!session_time_parse(session_time_text, &time, &name))
			elog(ERROR, "%s is not what it was", SESSION_TIME_NAME);
		session_time_resolve(&time, pstrdup(name));
		session_time_current = time;
	}
	return session_time_current.time;
}

void
session_time_refuse_write(const char *command, const char *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
			 errmsg("cannot execute %s on system-versioned table \"%s\" while %s is set",
					command, table, SESSION_TIME_NAME),
			 errhint("RESET %s returns to the present.", SESSION_TIME_NAME)));
}

int
session_time_begin_present(void)
{
	int			nest_level;

	if (!session_time_is_set)
		return 0;
	nest_level = NewGUCNestLevel();
	(void) set_config_option(SESSION_TIME_NAME, "", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
}

void
session_time_end_present(int nest_level)
{
	if (nest_level > 0)
		AtEOXact_GUC(true, nest_level);
}
