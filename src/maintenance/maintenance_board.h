/*-------------------------------------------------------------------------
 *
 * maintenance_board.h
 *	  What launcher, workers and other sessions tell each other
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_MAINTENANCE_BOARD_H
#define TEMPORAL_MAINTENANCE_BOARD_H

#include "datatype/timestamp.h"

/* What a worker found in its database */
typedef enum LookResult
{
	LOOK_NONE,					/* it went away without saying */
	LOOK_NO_EXTENSION,
	LOOK_DONE
} LookResult;

/*
 * The launcher.
 *
 * attach: this process is the launcher now, and is woken for news.
 * reserve: a place for a worker that will look at the database; -1 if there is
 * none, if the database has a worker already, or must be left alone.
 * free: the worker of that place has ended, or did not begin; what it said.
 * news: databases in which something was created since it was asked last; true
 * if that may be any of them.
 */
extern void board_attach_launcher(void);
extern int	board_reserve(Oid database);
extern LookResult board_free(int place);
extern bool board_take_news(Oid *databases, int *n, int space);

/*
 * A worker.
 *
 * enter: this process is the worker of that place until it ends; returns the
 * database, InvalidOid if there is nothing to do.
 * must_leave: the database is to be left at once.
 */
extern Oid	board_enter(int place);
extern void board_report(LookResult result);
extern bool board_must_leave(void);

/*
 * Anybody.
 *
 * bar: makes workers leave the database, and stay away for some seconds.
 * announce: there is something new in the database.
 */
extern void board_bar(Oid database);
extern void board_announce(Oid database);

#define BOARD_NEWS	16

#endif							/* TEMPORAL_MAINTENANCE_BOARD_H */
