/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between PostgreSQL 15, 16, 17 and 18
 *
 * The code is written for the newest server; this file bends the older ones.
 * It is the only file that looks at PG_VERSION_NUM (test/lint checks it).
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_COMPAT_H
#define TEMPORAL_COMPAT_H

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "temporal supports PostgreSQL 15, 16, 17 and 18"
#endif

/*
 * SQL-callable functions are exported although everything else is hidden.
 * PostgreSQL 16 declares them so itself.
 */
#if PG_VERSION_NUM < 160000
#include "fmgr.h"
#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(funcname) \
extern PGDLLEXPORT Datum funcname(PG_FUNCTION_ARGS); \
extern PGDLLEXPORT const Pg_finfo_record *CppConcat(pg_finfo_,funcname)(void); \
const Pg_finfo_record * \
CppConcat(pg_finfo_,funcname) (void) \
{ \
	static const Pg_finfo_record my_finfo = { 1 }; \
	return &my_finfo; \
} \
extern int no_such_variable
#endif

/*
 * Table privileges: a list of RTEPermissionInfo beside the range table since
 * 16, fields of the range table entry itself before.
 */
#if PG_VERSION_NUM >= 160000
#define TEMPORAL_HAS_PERMINFO 1
#endif

/* JSON_TABLE in FROM; ALTER TABLE ... ALTER COLUMN ... SET EXPRESSION */
#if PG_VERSION_NUM >= 170000
#define TEMPORAL_HAS_JSON_TABLE 1
#define TEMPORAL_HAS_SET_EXPRESSION 1
#endif

/* NOT NULL is a constraint with a name, which DROP CONSTRAINT knows */
#if PG_VERSION_NUM >= 180000
#define TEMPORAL_HAS_NOT_NULL_CONSTRAINTS 1
#endif

/* Generated columns that are computed when they are read */
#if PG_VERSION_NUM >= 180000
#define TEMPORAL_HAS_VIRTUAL_COLUMNS 1
#endif

/*
 * Ownership of objects of any class; only relations' is asked for here.
 */
#if PG_VERSION_NUM < 160000
#define object_ownercheck(classid, objectid, roleid) \
	pg_class_ownercheck(objectid, roleid)
#endif

/*
 * CREATE INDEX on a relation of ours, without checks of the user's rights.
 */
#if PG_VERSION_NUM >= 160000
#define temporal_define_index(relid, stmt) \
	DefineIndex(relid, stmt, InvalidOid, InvalidOid, InvalidOid, -1, \
				false, false, false, false, true)
#else
#define temporal_define_index(relid, stmt) \
	DefineIndex(relid, stmt, InvalidOid, InvalidOid, InvalidOid, \
				false, false, false, false, true)
#endif

/* What an index access method kept between insertions, since 17 */
#if PG_VERSION_NUM >= 170000
#define temporal_index_insert_cleanup(rel, info) \
	index_insert_cleanup(rel, info)
#else
#define temporal_index_insert_cleanup(rel, info) ((void) 0)
#endif

/*
 * Inside a btree: the leaf page where a key belongs, locked for writing (makes
 * the root if there is none, and finishes incomplete splits on the way); a new
 * page, locked; and the end of a split whose left page has the flag.
 */
#if PG_VERSION_NUM >= 160000
#define TEMPORAL_BT_RELATIONS(index, heap) index, heap
#define temporal_bt_new_page(index, heap) _bt_allocbuf(index, heap)
#else
#define TEMPORAL_BT_RELATIONS(index, heap) index
#define temporal_bt_new_page(index, heap) _bt_getbuf(index, P_NEW, BT_WRITE)
#endif
#if PG_VERSION_NUM >= 170000
#define temporal_bt_search_leaf(index, heap, key, buffer) \
	_bt_search(index, heap, key, buffer, BT_WRITE)
#else
#define temporal_bt_search_leaf(index, heap, key, buffer) \
	_bt_search(TEMPORAL_BT_RELATIONS(index, heap), key, buffer, BT_WRITE, NULL)
#endif
#define temporal_bt_finish_split(index, heap, buffer, stack) \
	_bt_finish_split(TEMPORAL_BT_RELATIONS(index, heap), buffer, stack)

/* A column's order in a btree, by a strategy until 18 */
#if PG_VERSION_NUM >= 180000
#define temporal_prepare_index_sort(index, reverse, column) \
	PrepareSortSupportFromIndexRel(index, reverse, column)
#else
#define temporal_prepare_index_sort(index, reverse, column) \
	PrepareSortSupportFromIndexRel(index, \
								   (reverse) ? BTGreaterStrategyNumber : \
								   BTLessStrategyNumber, column)
#endif

/* A qual without columns, evaluated once a scan */
#if PG_VERSION_NUM >= 160000
#define temporal_make_pseudoconstant(root, clause) \
	make_restrictinfo(root, clause, true, false, false, true, 0, \
					  NULL, NULL, NULL)
#else
#define temporal_make_pseudoconstant(root, clause) \
	make_restrictinfo(root, clause, true, false, true, 0, \
					  NULL, NULL, NULL)
#endif

/*
 * A function that does not return: marked in front since 18, behind before.
 */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

/* The columns that SELECT on a relation needs rights on: a Bitmapset ** */
#ifdef TEMPORAL_HAS_PERMINFO
#define temporal_selected_columns(query, rte) \
	(&getRTEPermissionInfo((query)->rteperminfos, rte)->selectedCols)
#else
#define temporal_selected_columns(query, rte) (&(rte)->selectedCols)
#endif

#endif							/* TEMPORAL_COMPAT_H */
