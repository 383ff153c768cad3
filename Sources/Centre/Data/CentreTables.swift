/// The migrations of a centre's database.
enum CentreTables {
    /// What came in. A site and its epoch have one number, since every message names them.
    static let messages = """
        CREATE TABLE site (
            stream BIGINT PRIMARY KEY NOT NULL,
            id TEXT NOT NULL,
            epoch TEXT NOT NULL,
            area12 TEXT NOT NULL,
            place TEXT NOT NULL,
            software TEXT,
            state TEXT,
            state_at DOUBLE PRECISION,
            seen_at DOUBLE PRECISION NOT NULL,
            contiguous_to BIGINT NOT NULL,
            highest_seen BIGINT NOT NULL,
            highest_told BIGINT NOT NULL,
            clock DOUBLE PRECISION,
            UNIQUE (id, epoch)
        );
        CREATE INDEX site_area ON site(area12);
        CREATE TABLE message (
            id TEXT PRIMARY KEY NOT NULL,
            stream BIGINT NOT NULL,
            sequence BIGINT NOT NULL,
            incident TEXT NOT NULL,
            revision BIGINT NOT NULL,
            state TEXT NOT NULL,
            kind TEXT NOT NULL,
            time DOUBLE PRECISION NOT NULL,
            received_at DOUBLE PRECISION NOT NULL,
            backfilled SMALLINT NOT NULL,
            packing SMALLINT NOT NULL,
            payload BYTEA NOT NULL,
            UNIQUE (stream, sequence)
        );
        CREATE INDEX message_incident ON message(incident, revision);
        CREATE INDEX message_received ON message(received_at);
        CREATE TABLE dictionary (packing SMALLINT PRIMARY KEY NOT NULL, bytes BYTEA NOT NULL);
        CREATE TABLE gap (
            stream BIGINT NOT NULL,
            first BIGINT NOT NULL,
            last BIGINT NOT NULL,
            noticed_at DOUBLE PRECISION NOT NULL,
            asks BIGINT NOT NULL,
            last_asked DOUBLE PRECISION,
            request TEXT,
            outcome TEXT NOT NULL,
            ended_at DOUBLE PRECISION,
            PRIMARY KEY (stream, first)
        );
        CREATE INDEX gap_open ON gap(stream) WHERE outcome = 'open';
        CREATE TABLE camera (
            site TEXT NOT NULL,
            id TEXT NOT NULL,
            area12 TEXT NOT NULL,
            grid TEXT NOT NULL,
            microgrid TEXT NOT NULL,
            name TEXT,
            state TEXT,
            fault TEXT,
            since TEXT,
            zones_resting SMALLINT,
            blind_seconds DOUBLE PRECISION,
            lon DOUBLE PRECISION,
            lat DOUBLE PRECISION,
            at DOUBLE PRECISION,
            PRIMARY KEY (site, id)
        );
        CREATE INDEX camera_area ON camera(area12);
        CREATE INDEX camera_place ON camera(lat, lon);
        CREATE TABLE incident (
            id TEXT PRIMARY KEY NOT NULL,
            site TEXT NOT NULL,
            camera TEXT NOT NULL,
            zone TEXT NOT NULL,
            topic TEXT NOT NULL,
            kind TEXT NOT NULL,
            severity SMALLINT NOT NULL,
            state TEXT NOT NULL,
            reason TEXT,
            review TEXT NOT NULL,
            revision BIGINT NOT NULL,
            area12 TEXT NOT NULL,
            grid TEXT NOT NULL,
            microgrid TEXT NOT NULL,
            first_seen DOUBLE PRECISION NOT NULL,
            confirmed DOUBLE PRECISION NOT NULL,
            last_seen DOUBLE PRECISION NOT NULL,
            closed_at DOUBLE PRECISION,
            dwell DOUBLE PRECISION NOT NULL,
            allowed DOUBLE PRECISION NOT NULL,
            department TEXT NOT NULL,
            pictures SMALLINT NOT NULL,
            ended_at DOUBLE PRECISION,
            case_id TEXT
        );
        CREATE INDEX incident_area ON incident(area12, confirmed);
        CREATE INDEX incident_case ON incident(case_id) WHERE case_id IS NOT NULL;
        CREATE INDEX incident_open ON incident(kind, site, camera) WHERE ended_at IS NULL;
        CREATE TABLE evidence (
            sha256 TEXT NOT NULL,
            incident TEXT NOT NULL,
            role TEXT NOT NULL,
            taken DOUBLE PRECISION NOT NULL,
            bytes BIGINT NOT NULL,
            path TEXT,
            fetched_at DOUBLE PRECISION,
            PRIMARY KEY (sha256, incident)
        );
        CREATE INDEX evidence_incident ON evidence(incident);
        CREATE INDEX evidence_taken ON evidence(taken);
        CREATE TABLE refusal (
            id TEXT PRIMARY KEY NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            topic TEXT NOT NULL,
            reason TEXT NOT NULL,
            text TEXT NOT NULL,
            bytes BIGINT NOT NULL,
            head TEXT NOT NULL
        );

        """

    /// What people make of it.
    static let cases = """
        CREATE TABLE casefile (
            id TEXT PRIMARY KEY NOT NULL,
            number TEXT NOT NULL UNIQUE,
            lead TEXT NOT NULL,
            kind TEXT NOT NULL,
            code_system TEXT,
            code TEXT,
            severity SMALLINT NOT NULL,
            area12 TEXT NOT NULL,
            grid TEXT NOT NULL,
            place TEXT NOT NULL,
            stage TEXT NOT NULL,
            stage_at DOUBLE PRECISION NOT NULL,
            due_at DOUBLE PRECISION,
            auto_at DOUBLE PRECISION,
            department TEXT NOT NULL,
            result TEXT,
            late SMALLINT NOT NULL,
            recurring SMALLINT NOT NULL,
            merged BIGINT NOT NULL,
            reworks BIGINT NOT NULL,
            events BIGINT NOT NULL,
            follows TEXT,
            found_at DOUBLE PRECISION NOT NULL,
            closed_at DOUBLE PRECISION
        );
        CREATE INDEX casefile_open ON casefile(area12, due_at) WHERE closed_at IS NULL;
        CREATE INDEX casefile_area ON casefile(area12, found_at);
        CREATE INDEX casefile_place ON casefile(place, kind, found_at);
        CREATE INDEX casefile_auto ON casefile(auto_at) WHERE auto_at IS NOT NULL;
        CREATE TABLE case_incident (
            case_id TEXT NOT NULL,
            incident TEXT NOT NULL,
            how TEXT NOT NULL,
            by TEXT NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            removed_at DOUBLE PRECISION,
            PRIMARY KEY (case_id, incident)
        );
        CREATE TABLE case_event (
            case_id TEXT NOT NULL,
            ordinal BIGINT NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            actor TEXT NOT NULL,
            role TEXT NOT NULL,
            action TEXT NOT NULL,
            stage_before TEXT,
            stage_after TEXT NOT NULL,
            note TEXT,
            request_id TEXT,
            PRIMARY KEY (case_id, ordinal)
        );
        CREATE UNIQUE INDEX case_event_request ON case_event(request_id) WHERE request_id IS NOT NULL;
        CREATE TABLE request (
            id TEXT PRIMARY KEY NOT NULL,
            site TEXT NOT NULL,
            class TEXT NOT NULL,
            topic TEXT NOT NULL,
            payload TEXT NOT NULL,
            incident TEXT,
            case_id TEXT,
            created_at DOUBLE PRECISION NOT NULL,
            attempts BIGINT NOT NULL,
            next_at DOUBLE PRECISION,
            done_at DOUBLE PRECISION,
            outcome TEXT
        );
        CREATE INDEX request_due ON request(next_at) WHERE next_at IS NOT NULL;
        CREATE INDEX request_case ON request(case_id) WHERE case_id IS NOT NULL;
        CREATE TABLE delivery (
            id TEXT PRIMARY KEY NOT NULL,
            case_id TEXT NOT NULL,
            route TEXT NOT NULL,
            event_id TEXT NOT NULL,
            topic TEXT NOT NULL,
            payload TEXT NOT NULL,
            created_at DOUBLE PRECISION NOT NULL,
            attempts BIGINT NOT NULL,
            next_at DOUBLE PRECISION,
            done_at DOUBLE PRECISION,
            dead_at DOUBLE PRECISION,
            error TEXT,
            UNIQUE (route, event_id)
        );
        CREATE INDEX delivery_due ON delivery(route, next_at) WHERE next_at IS NOT NULL;
        CREATE INDEX delivery_case ON delivery(case_id);
        CREATE INDEX delivery_dead ON delivery(dead_at) WHERE dead_at IS NOT NULL;
        CREATE TABLE counter (name TEXT PRIMARY KEY NOT NULL, value BIGINT NOT NULL);

        """

    /// Lists of large areas by date; those of small areas have `casefile_area`.
    static let lists = """
        CREATE INDEX casefile_found ON casefile(found_at, id);

        """

    /// What screens show: kept with each step, so that none counts rows.
    static let sums = """
        CREATE TABLE hourly (
            area12 TEXT NOT NULL,
            grid TEXT NOT NULL,
            kind TEXT NOT NULL,
            hour BIGINT NOT NULL,
            found BIGINT NOT NULL,
            accepted BIGINT NOT NULL,
            declined BIGINT NOT NULL,
            handled BIGINT NOT NULL,
            closed BIGINT NOT NULL,
            in_time BIGINT NOT NULL,
            self_resolved BIGINT NOT NULL,
            withdrawn BIGINT NOT NULL,
            merged BIGINT NOT NULL,
            PRIMARY KEY (area12, grid, kind, hour)
        );
        CREATE INDEX hourly_hour ON hourly(hour, area12);
        CREATE TABLE standing (
            area12 TEXT NOT NULL,
            grid TEXT NOT NULL,
            kind TEXT NOT NULL,
            stage TEXT NOT NULL,
            department TEXT NOT NULL,
            cases BIGINT NOT NULL,
            PRIMARY KEY (area12, grid, kind, stage, department)
        );

        """
}
