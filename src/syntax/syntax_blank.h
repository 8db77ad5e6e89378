/*-------------------------------------------------------------------------
 *
 * syntax_blank.h
 *	  Taking a part out of a text that keeps its length
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SYNTAX_BLANK_H
#define TEMPORAL_SYNTAX_BLANK_H

/*
 * Makes bytes [from, to) of a text nothing for the scanner.  Both the number
 * of bytes and the number of characters stay the same, because places in the
 * tree are counted in bytes and error positions in characters.
 *
 * Multi-byte characters are therefore kept, in a comment at the beginning;
 * in every server encoding all their bytes have the high bit set, so that
 * they cannot end it.  The part must have four other bytes for the comment's
 * signs, and the keywords of every part we blank have.
 */
static inline void
syntax_blank(char *text, int from, int to)
{
	int			kept = from;

	/* high bytes move to the front, everything behind them is blank */
	for (int i = from; i < to; i++)
	{
		char		c = text[i];

		text[i] = ' ';
		if (IS_HIGHBIT_SET(c))
			text[kept++] = c;
	}
	if (kept > from)
	{
		memmove(text + from + 2, text + from, kept - from);
		/* NOLINTBEGIN(bugprone-not-null-terminated-result): inside a text */
		memcpy(text + from, "/*", 2);
		memcpy(text + kept + 2, "*/", 2);
		/* NOLINTEND(bugprone-not-null-terminated-result) */
	}
}

#endif							/* TEMPORAL_SYNTAX_BLANK_H */
