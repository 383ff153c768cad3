import Foundation

/// The question of a search, as ONVIF's core specification asks it: a Probe of WS-Discovery (April 2005) for devices of the
/// type NetworkVideoTransmitter.
struct ProbeMessage: Sendable {
    /// A new one for each search.
    let id: UUID

    var bytes: [UInt8] {
        Array(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" \
            xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" \
            xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" \
            xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>\
            <w:MessageID>urn:uuid:\(id.uuidString.lowercased())</w:MessageID>\
            <w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>\
            <w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action>\
            </e:Header><e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>
            """.utf8)
    }
}
