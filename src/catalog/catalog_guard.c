/*-------------------------------------------------------------------------
 *
 * catalog_guard.c
 *	  The extension's tables are catalogs
 *
 * No rights to write them are given, but members of pg_write_all_data have
 * those on every table; only PostgreSQL's own catalogs are an exception.  Who
 * could change the tables here could make history disappear, or tell another
 * one.  So a trigger asks again.
 *
 * What this library writes does not pass by triggers, or is written as a
 * superuser.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "base/compat.h"

PG_FUNCTION_INFO_V1(temporal_protect_catalog);

/*
 * temporal.protect_catalog() RETURNS trigger
 *
 * BEFORE everything that writes the table, for each statement; ENABLE ALWAYS.
 */
Datum
temporal_protect_catalog(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired as a trigger",
						"protect_catalog")));
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied: \"%s\" is a catalog of the extension",
						RelationGetRelationName(((TriggerData *) fcinfo->context)->tg_relation)),
				 errhint("ALTER TABLE and the functions of the extension change it.")));
	return PointerGetDatum(NULL);
}
