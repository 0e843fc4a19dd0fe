-- On Supabase the Data API reaches the schema `public` only. This makes one function there, and lets the service role alone
-- call it. Without Supabase's roles it does nothing. It is called whenever functions are written, and by each migration that
-- makes a table. Tables that have row level security already are left alone: to alter them it would wait for readers.
CREATE OR REPLACE FUNCTION reconvene.share_with_supabase() RETURNS void LANGUAGE plpgsql AS $share$
DECLARE
    relation regclass;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'service_role') THEN
        RETURN;
    END IF;
    CREATE OR REPLACE FUNCTION public.reconvene(calls jsonb, before double precision DEFAULT NULL) RETURNS json
        LANGUAGE sql SET search_path = '' AS 'SELECT reconvene.carry_out(calls, before)';
    REVOKE ALL ON FUNCTION public.reconvene(jsonb, double precision) FROM PUBLIC, anon, authenticated;
    REVOKE ALL ON SCHEMA reconvene FROM PUBLIC, anon, authenticated;
    REVOKE ALL ON ALL TABLES IN SCHEMA reconvene FROM PUBLIC, anon, authenticated;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reconvene FROM PUBLIC, anon, authenticated;
    GRANT EXECUTE ON FUNCTION public.reconvene(jsonb, double precision) TO service_role;
    GRANT USAGE ON SCHEMA reconvene TO service_role;
    GRANT ALL ON ALL TABLES IN SCHEMA reconvene TO service_role;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reconvene TO service_role;
    FOR relation IN
        SELECT oid FROM pg_class WHERE relnamespace = 'reconvene'::regnamespace AND relkind = 'r' AND NOT relrowsecurity
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
    END LOOP;
    NOTIFY pgrst, 'reload schema';
END $share$;
