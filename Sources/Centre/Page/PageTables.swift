/// What the page needs besides the tables of the first migration.
enum PageTables {
    static let script = """
        CREATE TABLE case_change (case_id TEXT PRIMARY KEY NOT NULL, change BIGINT NOT NULL);
        CREATE INDEX case_change_newest ON case_change(change);
        CREATE INDEX standing_now ON standing(area12) WHERE cases > 0;

        """
}
