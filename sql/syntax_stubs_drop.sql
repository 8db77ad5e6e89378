--
-- See syntax_stubs
--
SET ROLE NONE;
SELECT 'DROP ' || made FROM public.syn_stub
\gexec
DROP TABLE public.syn_stub;
