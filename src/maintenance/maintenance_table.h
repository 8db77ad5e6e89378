/*-------------------------------------------------------------------------
 *
 * maintenance_table.h
 *	  The table that a function of maintenance is called for
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_MAINTENANCE_TABLE_H
#define TEMPORAL_MAINTENANCE_TABLE_H

#include "catalog/versioned_table.h"

/*
 * Finds the versioned table, which is locked against changes of its columns
 * and its versioning until the end of the transaction; 42501 if it is not the
 * user's, 25006 while the session reads another time.  what is what is to be
 * done: compression.
 */
extern void maintenance_find_table(Oid relid, const char *what,
								   VersionedTable *table);

#endif							/* TEMPORAL_MAINTENANCE_TABLE_H */
