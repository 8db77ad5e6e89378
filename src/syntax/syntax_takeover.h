/*-------------------------------------------------------------------------
 *
 * syntax_takeover.h
 *	  Diverting a function of the running server
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SYNTAX_TAKEOVER_H
#define TEMPORAL_SYNTAX_TAKEOVER_H

typedef void (*SyntaxFunction) (void);

/*
 * Makes every call of function arrive at replacement, and sets *original to
 * what still does function's own work.  Returns NULL, or the reason why the
 * server had to be left untouched.
 */
extern const char *syntax_takeover(SyntaxFunction function,
								   SyntaxFunction replacement,
								   SyntaxFunction *original);

/* Puts the function back as it was. */
extern void syntax_takeover_undo(void);

#endif							/* TEMPORAL_SYNTAX_TAKEOVER_H */
