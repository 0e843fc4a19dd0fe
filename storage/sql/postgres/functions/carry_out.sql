-- The only function that the server calls. It carries out a batch of calls, each {"call": "join", …}, in one transaction,
-- and returns the answers in the same order: {"value": …} or {"refused": "why"}. Rows are objects with the columns'
-- names.
--
-- `before` (seconds since the epoch, by this database's clock): the caller has given up by then, and asks again. A call that
-- was held up on its way must not be carried out after that.
CREATE OR REPLACE FUNCTION reconvene.carry_out(calls jsonb, before double precision DEFAULT NULL) RETURNS json
LANGUAGE plpgsql
SET lock_timeout = '200ms'
SET enable_seqscan = off -- every row is looked up by an index, however few there are as yet: plans are made once, and kept
AS $$
DECLARE
    call jsonb;
    answers json[] := '{}';
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- At other levels a statement that waited for a lock would not see what was committed meanwhile.
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
            WHEN 'open_stays' THEN reconvene.open_stays(call)
            WHEN 'abandon_stay' THEN reconvene.abandon_stay(call)
            WHEN 'meeting' THEN reconvene.find_meeting(call)
            WHEN 'people' THEN reconvene.people(call)
            WHEN 'participant' THEN reconvene.participant_of_user(call)
            WHEN 'create_meeting' THEN reconvene.create_meeting(call)
            WHEN 'end_meeting' THEN reconvene.end_meeting(call)
            WHEN 'delete_meeting' THEN reconvene.delete_meeting(call)
            WHEN 'delete_old_meetings' THEN reconvene.delete_old_meetings(call)
            WHEN 'change' THEN reconvene.change(call)
            WHEN 'set_hands' THEN reconvene.set_hands(call)
            WHEN 'rights' THEN reconvene.rights(call)
            WHEN 'audit' THEN reconvene.audit_entries(call)
            WHEN 'invites' THEN reconvene.all_invites(call)
            WHEN 'invite' THEN reconvene.find_invite(call)
            WHEN 'make_invite' THEN reconvene.make_invite(call)
            WHEN 'is_host_link' THEN reconvene.is_host_link(call)
            WHEN 'revoke_invite' THEN reconvene.revoke_invite(call)
            WHEN 'write_messages' THEN reconvene.write_messages(call)
            WHEN 'erase_messages' THEN reconvene.erase_messages(call)
            WHEN 'message_of_key' THEN reconvene.message_of_key(call)
            WHEN 'messages' THEN reconvene.read_messages(call)
            WHEN 'messages_after' THEN reconvene.read_messages_after(call)
            WHEN 'forget_messages' THEN reconvene.forget_messages(call)
            WHEN 'export_person' THEN reconvene.export_person(call)
            WHEN 'own_stays' THEN reconvene.own_stays(call)
            WHEN 'erase_person' THEN reconvene.erase_person(call)
            WHEN 'revoke' THEN reconvene.revoke(call)
            WHEN 'revocations' THEN reconvene.all_revocations(call)
            WHEN 'heartbeat' THEN reconvene.heartbeat(call)
            WHEN 'others_see_engine' THEN reconvene.others_see_engine(call)
            WHEN 'close_dead_nodes' THEN reconvene.close_dead_nodes(call)
            WHEN 'stop_node' THEN reconvene.stop_node(call)
            WHEN 'restorable' THEN reconvene.restorable(call)
            WHEN 'attendance' THEN reconvene.attendance(call)
            WHEN 'hosted_meetings' THEN reconvene.hosted_meetings(call)
            WHEN 'clock' THEN json_build_object('value', extract(epoch FROM clock_timestamp()))
            WHEN 'version' THEN json_build_object('value', (SELECT max(number) FROM reconvene.migrations))
            WHEN 'function_files' THEN reconvene.all_function_files(call)
            ELSE reconvene.carry_out_import(call)
        END);
    END LOOP;
    RETURN to_json(answers);
END $$;
