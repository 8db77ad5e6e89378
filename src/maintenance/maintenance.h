/*-------------------------------------------------------------------------
 *
 * maintenance.h
 *	  What keeps histories small, in the background
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_MAINTENANCE_H
#define TEMPORAL_MAINTENANCE_H

/* maintenance_board.c */
extern void maintenance_board_init(void);

/* maintenance_database.c */
extern void maintenance_database_init(void);

/* maintenance_launcher.c */
extern void maintenance_launcher_init(void);

#endif							/* TEMPORAL_MAINTENANCE_H */
