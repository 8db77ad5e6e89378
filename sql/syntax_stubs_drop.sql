--
-- See syntax_stubs
--
SET ROLE NONE;
DO $$
DECLARE
	stub text;
BEGIN
	FOR stub IN SELECT made FROM public.syn_stub LOOP
		EXECUTE 'DROP ' || stub;
	END LOOP;
END $$;
DROP TABLE public.syn_stub;
