import Foundation

/// Bytes as pairs: how many, and of which value.
enum RunLengths {
    static func encode(_ values: [UInt8]) -> Data {
        var runs = Data()
        var index = 0
        while index < values.count {
            var end = index + 1
            while end < values.count, end - index < 255, values[end] == values[index] { end += 1 }
            runs.append(UInt8(end - index))
            runs.append(values[index])
            index = end
        }
        return runs
    }

    /// Nil where the runs do not make `count` bytes.
    static func decode(_ runs: Data, count: Int) -> [UInt8]? {
        let bytes = Array(runs)
        guard bytes.count.isMultiple(of: 2) else { return nil }
        var values: [UInt8] = []
        values.reserveCapacity(count)
        for index in stride(from: 0, to: bytes.count, by: 2) {
            guard values.count + Int(bytes[index]) <= count else { return nil }
            values += repeatElement(bytes[index + 1], count: Int(bytes[index]))
        }
        return values.count == count ? values : nil
    }
}
