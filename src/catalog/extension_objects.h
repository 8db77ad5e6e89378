/*-------------------------------------------------------------------------
 *
 * extension_objects.h
 *	  OIDs of the extension's own objects in this database
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_EXTENSION_OBJECTS_H
#define TEMPORAL_EXTENSION_OBJECTS_H

typedef enum ExtensionFunction
{
	FUNCTION_ROW_START,
	FUNCTION_ROW_START_INSERT,
	FUNCTION_ROW_START_AFTER,
	FUNCTION_ROW_END,
	FUNCTION_CAPTURE_STATEMENT,
	FUNCTION_CAPTURE_ROW,
	FUNCTION_GUARD_ROW,
	FUNCTION_PROTECT_HISTORY,
	FUNCTION_TSM_AS_OF,
	FUNCTION_TSM_FROM_TO,
	FUNCTION_TSM_BETWEEN,
	FUNCTION_TSM_BETWEEN_SYMMETRIC,
	FUNCTION_TSM_CONTAINED_IN,
	FUNCTION_TSM_ALL,
	FUNCTION_MARK_AS_OF,
	FUNCTION_MARK_FROM_TO,
	FUNCTION_MARK_BETWEEN,
	FUNCTION_MARK_BETWEEN_SYMMETRIC,
	FUNCTION_MARK_CONTAINED_IN,
	FUNCTION_MARK_ALL,
	FUNCTION_CLAUSE_TIME,
	FUNCTION_COLUMN_TIME,
	FUNCTION_CLAUSE_BOUND,
	FUNCTION_INSTANT,
	FUNCTION_INSTANT_LOWER,
	FUNCTION_INSTANT_UPPER,
	FUNCTION_COLUMN_INSTANT,
	FUNCTION_COLUMN_LOWER,
	FUNCTION_COLUMN_UPPER,
	FUNCTION_SHOWS,
	FUNCTION_HISTORY_REACHES,
	FUNCTION_HISTORY_HOLDS,
	FUNCTION_HISTORY_WARNS,
	FUNCTION_VERSIONS,
	FUNCTION_CHANGES,
	FUNCTION_DIFF,
	FUNCTION_DIFF_STAT,
	FUNCTION_FLASHBACK_VERSIONS,
	FUNCTION_Count
} ExtensionFunction;

extern void extension_objects_init(void);

/* Is the extension created in this database, whole? */
extern bool extension_is_created(void);

/* InvalidOid where the extension is not created */
extern Oid	extension_function(ExtensionFunction function);
extern Oid	extension_catalog(void);	/* temporal.versioned_table */

/* A function of one argument that need not be there; looked up each time */
extern Oid	extension_function_named(const char *name, Oid argument);

#endif							/* TEMPORAL_EXTENSION_OBJECTS_H */
