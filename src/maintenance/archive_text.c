/*-------------------------------------------------------------------------
 *
 * archive_text.c
 *	  Values and types as texts that are the same everywhere
 *
 * The texts of values depend on settings, when they are made and when they are
 * read.  Both happen under the same ones: those of pg_dump, and a few that it
 * leaves to the session which restores.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "maintenance/archive_text.h"

static const struct
{
	const char *name;
	const char *value;
}			archive_settings[] =
{
	{"datestyle", "ISO, YMD"},
	{"intervalstyle", "postgres"},
	{"timezone", "UTC"},
	{"extra_float_digits", "3"},
	{"bytea_output", "hex"},
	{"lc_monetary", "C"},
	{"array_nulls", "on"},
	{"xmloption", "content"},
	/* names of relations and functions among the values have their schemas */
	{"search_path", "pg_catalog"},
};

int
archive_text_enter(void)
{
	int			nestlevel = NewGUCNestLevel();

	for (int i = 0; i < lengthof(archive_settings); i++)
		(void) set_config_option(archive_settings[i].name,
								 archive_settings[i].value,
								 PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return nestlevel;
}

void
archive_text_leave(int nestlevel)
{
	AtEOXact_GUC(true, nestlevel);
}

static char *
text_type_name(Oid type, int32 typmod)
{
	return format_type_extended(type, typmod, FORMAT_TYPE_FORCE_QUALIFY |
								(typmod >= 0 ? FORMAT_TYPE_TYPEMOD_GIVEN : 0));
}

static char
text_type_category(Oid type)
{
	char		category;
	bool		preferred;

	get_type_category_preferred(type, &category, &preferred);
	return category;
}

void
archive_text_type(Oid type, int32 typmod, ArchiveColumn *column)
{
	Oid			base = getBaseType(type);

	column->type = text_type_name(type, typmod);
	column->base_type = text_type_name(base, -1);
	column->category = text_type_category(base);
}

bool
archive_text_fits(const ArchiveColumn *column, Oid type)
{
	Oid			base = getBaseType(type);
	char		category = text_type_category(base);

	return category == TYPCATEGORY_STRING ||
		(category == TYPCATEGORY_NUMERIC && column->category == category) ||
		strcmp(column->base_type, text_type_name(base, -1)) == 0;
}
