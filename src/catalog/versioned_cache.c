/*-------------------------------------------------------------------------
 *
 * versioned_cache.c
 *	  "Is this table versioned, and how?", answered without a catalog look-up
 *
 * A relation is versioned when one of its triggers calls our capture function
 * and the catalog has a row for it, or for the root of its partition tree.
 * The trigger is asked first: it is in the relation cache already, so that a
 * table without versioning costs nothing but the negative entry made here;
 * and since triggers are the last thing a dump restores, a table is not
 * versioned while its rows are being loaded.
 *
 * ENTRIES AND THEIR LIFE
 *		One entry a relation, negative ones included.  A relcache invalidation
 *		of the relation makes its entry stale; whoever changes the catalog row
 *		sends one for the table and for every partition.  The description that
 *		a stale entry pointed to may still be in use further up the stack: it
 *		is kept on a list and freed when the transaction ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/catcache.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog/extension_objects.h"
#include "catalog/versioned_cache.h"

typedef struct VersionedCacheEntry
{
	Oid			relid;			/* hash key */
	bool		valid;
	MemoryContext context;		/* holds description; NULL in a negative entry */
	VersionedRelation *description;
} VersionedCacheEntry;

static HTAB *versioned_cache = NULL;
static uint64 versioned_cache_invalidations = 0;

/* Contexts of descriptions replaced in this transaction; TopMemoryContext */
static List *versioned_cache_retired = NIL;

static void versioned_cache_fill(VersionedCacheEntry *entry, Relation rel);

static void
versioned_cache_invalidate(Datum arg, Oid relid)
{
	VersionedCacheEntry *entry;

	versioned_cache_invalidations++;
	if (versioned_cache == NULL)
		return;
	if (OidIsValid(relid))
	{
		entry = hash_search(versioned_cache, &relid, HASH_FIND, NULL);
		if (entry)
			entry->valid = false;
	}
	else
	{
		HASH_SEQ_STATUS status;

		hash_seq_init(&status, versioned_cache);
		while ((entry = hash_seq_search(&status)) != NULL)
			entry->valid = false;
	}
}

static void
versioned_cache_end_transaction(XactEvent event, void *arg)
{
	ListCell   *lc;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT &&
		event != XACT_EVENT_PREPARE)
		return;
	foreach(lc, versioned_cache_retired)
		MemoryContextDelete(lfirst(lc));
	list_free(versioned_cache_retired);
	versioned_cache_retired = NIL;
}

void
versioned_cache_init(void)
{
	CacheRegisterRelcacheCallback(versioned_cache_invalidate, 0);
	RegisterXactCallback(versioned_cache_end_transaction, NULL);
}

/*
 * The entry for a relation, made if need be; valid tells if it can be used.
 */
static VersionedCacheEntry *
versioned_cache_entry(Oid relid)
{
	VersionedCacheEntry *entry;
	bool		found;

	if (versioned_cache == NULL)
	{
		HASHCTL		ctl = {
			.keysize = sizeof(Oid),
			.entrysize = sizeof(VersionedCacheEntry),
		};

		versioned_cache = hash_create("temporal versioned relations", 128,
									  &ctl, HASH_ELEM | HASH_BLOBS);
	}
	entry = hash_search(versioned_cache, &relid, HASH_ENTER, &found);
	if (!found)
	{
		entry->valid = false;
		entry->context = NULL;
		entry->description = NULL;
	}
	return entry;
}

const VersionedRelation *
versioned_cache_get(Oid relid)
{
	VersionedCacheEntry *entry = versioned_cache_entry(relid);

	if (!entry->valid)
	{
		Relation	rel = try_relation_open(relid, NoLock);

		if (rel == NULL)
			return NULL;
		versioned_cache_fill(entry, rel);
		relation_close(rel, NoLock);
	}
	return entry->description;
}

const VersionedRelation *
versioned_cache_get_open(Relation rel)
{
	VersionedCacheEntry *entry = versioned_cache_entry(RelationGetRelid(rel));

	if (!entry->valid)
		versioned_cache_fill(entry, rel);
	return entry->description;
}

const VersionedRelation *
versioned_cache_require(Oid relid, int position)
{
	const VersionedRelation *versioned = versioned_cache_get(relid);
	VersionedTable table;
	char	   *name;
	bool		is_history;

	if (versioned != NULL && OidIsValid(versioned->history))
		return versioned;

	name = get_rel_name(relid);
	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	is_history = versioned_table_find_by_history(relid, &table);
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("table \"%s\" is not system-versioned", name),
			 is_history ?
			 errhint("It is the history of table \"%s\": query that, with FOR SYSTEM_TIME ALL for all its versions.",
					 get_rel_name(table.relation)) :
			 get_rel_relkind(relid) == RELKIND_RELATION ||
			 get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE ?
			 errhint("ALTER TABLE ... ADD SYSTEM VERSIONING starts its history.") : 0,
			 position > 0 ? errposition(position) : 0));
	return NULL;				/* keep the compiler quiet */
}

Oid
versioned_partition_root(Oid relid)
{
	while (get_rel_relispartition(relid))
		relid = get_partition_parent(relid, true);
	return relid;
}

bool
versioned_is_subscribed(Oid relid)
{
	CatCList   *subscriptions = SearchSysCacheList1(SUBSCRIPTIONRELMAP,
													ObjectIdGetDatum(relid));
	bool		subscribed = subscriptions->n_members > 0;

	ReleaseCatCacheList(subscriptions);
	return subscribed;
}

/*
 * Does a trigger of the relation call our capture function?
 */
static bool
versioned_cache_has_trigger(Relation rel)
{
	Oid			capture;

	if (rel->trigdesc == NULL ||
		!(rel->trigdesc->trig_update_after_statement ||
		  rel->trigdesc->trig_truncate_before_statement))
		return false;
	capture = extension_function(FUNCTION_CAPTURE_STATEMENT);
	if (!OidIsValid(capture))
		return false;
	for (int i = 0; i < rel->trigdesc->numtriggers; i++)
	{
		if (rel->trigdesc->triggers[i].tgfoid == capture)
			return true;
	}
	return false;
}

/*
 * Removes the columns that partition rel from the columns of relid.
 */
static Bitmapset *
versioned_remove_partition_key(Bitmapset *attnos, Relation rel, Oid relid)
{
	PartitionKey key;

	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return attnos;
	key = RelationGetPartitionKey(rel);
	for (int i = 0; i < key->partnatts; i++)
	{
		if (key->partattrs[i] != 0)
		{
			char	   *name = get_attname(RelationGetRelid(rel),
										   key->partattrs[i], false);

			attnos = bms_del_member(attnos, get_attnum(relid, name) -
									FirstLowInvalidHeapAttributeNumber);
		}
	}
	return attnos;
}

/*
 * The primary key but for columns that decide about the partition: a row that
 * moves keeps its identity.
 */
static Bitmapset *
versioned_key_attnos(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);
	Bitmapset  *attnos =
		bms_copy(RelationGetIndexAttrBitmap(rel,
											INDEX_ATTR_BITMAP_PRIMARY_KEY));
	ListCell   *lc;

	attnos = versioned_remove_partition_key(attnos, rel, relid);
	if (rel->rd_rel->relispartition)
	{
		foreach(lc, get_partition_ancestors(relid))
		{
			Relation	ancestor = relation_open(lfirst_oid(lc),
												 AccessShareLock);

			attnos = versioned_remove_partition_key(attnos, ancestor, relid);
			relation_close(ancestor, AccessShareLock);
		}
	}
	return attnos;
}

/*
 * Can a row of the relation become one of history byte by byte, with the
 * period columns at its end?
 */
static bool
versioned_has_same_layout(const VersionedRelation *v)
{
	Relation	history;
	bool		same;

	if (!OidIsValid(v->history) || v->end_attno != v->natts ||
		v->start_attno != v->natts - 1)
		return false;
	history = relation_open(v->history, AccessShareLock);
	same = RelationGetNumberOfAttributes(history) == v->natts;
	relation_close(history, AccessShareLock);
	for (int i = 0; i < v->natts; i++)
		same &= v->history_attnos[i] == i + 1;
	return same;
}

/*
 * Are the triggers there that capture UPDATE and DELETE?
 */
static bool
versioned_captures(Relation rel)
{
	Oid			capture = extension_function(FUNCTION_CAPTURE_STATEMENT);
	bool		on_update = false;
	bool		on_delete = false;

	for (int i = 0; i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];

		if (trigger->tgfoid != capture ||
			trigger->tgenabled == TRIGGER_DISABLED ||
			trigger->tgoldtable == NULL)
			continue;
		on_update |= TRIGGER_FOR_UPDATE(trigger->tgtype) != 0;
		on_delete |= TRIGGER_FOR_DELETE(trigger->tgtype) != 0;
	}
	return on_update && on_delete;
}

/*
 * The description of a relation from its catalog row, in the current context.
 */
static VersionedRelation *
versioned_cache_describe(Relation rel, Oid root, const VersionedTable *table)
{
	VersionedRelation *v = palloc0(sizeof(VersionedRelation));
	TupleDesc	desc = RelationGetDescr(rel);
	ListCell   *lc;

	v->relid = RelationGetRelid(rel);
	v->root = root;
	v->history = table->history;
	v->history_start = table->history_start;
	v->history_index = table->history_index;
	v->skip_unchanged = table->skip_unchanged;
	v->captures = versioned_captures(rel);
	v->history_subscribed = OidIsValid(table->history) &&
		versioned_is_subscribed(table->history);
	v->natts = desc->natts;
	v->key_attnos = versioned_key_attnos(rel);
	v->history_attnos = palloc0(Max(desc->natts, 1) * sizeof(AttrNumber));

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped)
			continue;
		if (namestrcmp(&att->attname, NameStr(table->start_column)) == 0)
			v->start_attno = att->attnum;
		if (namestrcmp(&att->attname, NameStr(table->end_column)) == 0)
			v->end_attno = att->attnum;
		if (OidIsValid(table->history))
			v->history_attnos[i] = get_attnum(table->history,
											  NameStr(att->attname));
	}
	v->same_layout = versioned_has_same_layout(v);

	foreach(lc, table->exclude_columns)
	{
		AttrNumber	attno = get_attnum(v->relid, lfirst(lc));

		if (attno != InvalidAttrNumber)
			v->exclude_attnos = bms_add_member(v->exclude_attnos, attno);
	}
	return v;
}

static void
versioned_cache_fill(VersionedCacheEntry *entry, Relation rel)
{
	VersionedTable table;
	Oid			root = RelationGetRelid(rel);
	VersionedRelation *description = NULL;
	MemoryContext context = NULL;
	uint64		invalidations = versioned_cache_invalidations;
	bool		incomplete = false;

	if (versioned_cache_has_trigger(rel))
	{
		incomplete = true;
		root = versioned_partition_root(root);
		if (versioned_table_find(root, &table))
		{
			MemoryContext old;

			/* until it is complete, it goes with the transaction */
			context = AllocSetContextCreate(CurrentMemoryContext,
											"temporal versioned relation",
											ALLOCSET_SMALL_SIZES);
			old = MemoryContextSwitchTo(context);
			description = versioned_cache_describe(rel, root, &table);
			MemoryContextSwitchTo(old);

			if (description->start_attno == InvalidAttrNumber ||
				description->end_attno == InvalidAttrNumber)
				elog(ERROR, "period columns of relation \"%s\" are missing",
					 RelationGetRelationName(rel));
			MemoryContextSetParent(context, TopMemoryContext);
			incomplete = false;
		}
	}

	if (entry->context)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		versioned_cache_retired = lappend(versioned_cache_retired,
										  entry->context);
		MemoryContextSwitchTo(old);
	}
	entry->context = context;
	entry->description = description;

	/*
	 * An invalidation that arrived during the look-ups may have been of this
	 * relation: what was found is then good for now and is looked up again
	 * next time.  So is a relation with our triggers but without a catalog
	 * row: pg_restore fills the catalog with COPY, which invalidates nothing.
	 */
	entry->valid = invalidations == versioned_cache_invalidations &&
		!incomplete;
}
