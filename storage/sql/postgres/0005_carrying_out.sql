-- The one way in: a batch of calls, each {"call": "join", …}, in one transaction; the answers in the same order.
--
-- `before` (seconds since the epoch, by this database's clock): who asks has given up by then, and asks again. A call that
-- was held up on its way must not be carried out behind what came of that.

CREATE FUNCTION reconvene.carry_out(calls jsonb, before double precision DEFAULT NULL) RETURNS json LANGUAGE plpgsql
SET lock_timeout = '200ms'
SET enable_seqscan = off -- every row is looked up by an index, however few there are as yet: plans are made once, and kept
AS $$
DECLARE
    call jsonb;
    answers json[] := '{}';
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- Under another, what was committed while a lock was waited for would not be seen.
        RAISE EXCEPTION 'Reconvene needs transactions at the level "read committed", and default_transaction_isolation is %',
            current_setting('transaction_isolation') USING ERRCODE = 'feature_not_supported';
    END IF;
    IF extract(epoch FROM clock_timestamp()) > before THEN
        RETURN (SELECT json_agg('{"refused": "late"}'::json) FROM jsonb_array_elements(calls));
    END IF;
    FOR call IN SELECT value FROM jsonb_array_elements(calls) LOOP
        answers := array_append(answers, CASE call ->> 'call'
            WHEN 'join_many' THEN json_build_object('value', reconvene.join_many(call -> 'calls', call ? 'again'))
            WHEN 'join' THEN reconvene.join_meeting(call)
            WHEN 'leave' THEN reconvene.leave(call)
            WHEN 'resume_stay' THEN reconvene.resume_stay(call)
            WHEN 'abandon_stay' THEN reconvene.abandon_stay(call)
            WHEN 'meeting' THEN reconvene.find_meeting(call)
            WHEN 'create_meeting' THEN reconvene.create_meeting(call)
            WHEN 'end_meeting' THEN reconvene.end_meeting(call)
            WHEN 'delete_meeting' THEN reconvene.delete_meeting(call)
            WHEN 'delete_old_meetings' THEN reconvene.delete_old_meetings(call)
            WHEN 'heartbeat' THEN reconvene.heartbeat(call)
            WHEN 'close_dead_nodes' THEN reconvene.close_dead_nodes(call)
            WHEN 'stop_node' THEN reconvene.stop_node(call)
            WHEN 'restorable' THEN reconvene.restorable(call)
            WHEN 'attendance' THEN reconvene.attendance(call)
            WHEN 'hosted_meetings' THEN reconvene.hosted_meetings(call)
            WHEN 'clock' THEN json_build_object('value', extract(epoch FROM clock_timestamp()))
            WHEN 'version' THEN json_build_object('value', (SELECT max(number) FROM reconvene.migrations))
        END);
    END LOOP;
    RETURN to_json(answers);
END $$;

-- On Supabase the Data API reaches `public` only. What it can reach there is one function, and of its roles only the
-- service role may call it. Elsewhere there are no such roles, and nothing happens. To be called by every later migration
-- that makes a table or a function.

CREATE FUNCTION reconvene.share_with_supabase() RETURNS void LANGUAGE plpgsql AS $share$
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
        SELECT oid FROM pg_class WHERE relnamespace = 'reconvene'::regnamespace AND relkind = 'r'
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
    END LOOP;
    NOTIFY pgrst, 'reload schema';
END $share$;

SELECT reconvene.share_with_supabase();

INSERT INTO reconvene.migrations (number, name) VALUES (5, '0005_carrying_out');
