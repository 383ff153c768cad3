public import Foundation

/// What a file gives for one field, in the field's form.
public enum FieldValue: Sendable, Hashable {
    case number(Double)
    case integer(Int)
    case boolean(Bool)
    /// A text, or one choice.
    case text(String)
    case choices([String])
    case windows([TimeWindows.Window])
    case date(TimeWindows.Day)
    case dates(Set<TimeWindows.Day>)
    case timeZone(TimeZone)
    case polygon(Polygon)
    case section([String: FieldValue])
    case sections([[String: FieldValue]])
}
