import Domain
import Foundation
import TestSupport
import Testing
import Threading

@testable import Video

/// Cameras of `rtsps`, and who vouches for them.
@Suite(.waiting) struct RTSPOverTLSTests {
    private func camera(_ certificate: String, _ key: String, in folder: TemporaryFolder) throws -> QuirkyCamera {
        let clip = try Footage.makeTestClip(in: folder, seconds: 2, size: (320, 180), gop: 10)
        return try QuirkyCamera(
            clip: Footage.byteStream(clip, in: folder),
            [
                "certificate": certificate, "key": key, "user": "me", "password": "pw", "challenges": ["md5"],
                "timeout": 2,
            ])
    }

    /// So many pictures, as one who trusts `authority`.
    private func watch(
        _ camera: QuirkyCamera, trusting authority: String?, pictures: Int = 1
    ) async throws -> Int {
        let url = CameraURL(camera.url(login: "me:pw"))
        return try await onOwnThread(named: "watch") {
            var options = VideoSource.Options()
            options.credentials = CredentialGate()
            options.authority = authority
            options.sampling = .every(seconds: 0)
            let source = try VideoSource(url, options: options, deadline: ReadDeadline())
            var count = 0
            while count < pictures, let picture = try source.next() {
                _ = Frame(taking: picture.raw, time: MediaTime(picture.pts), date: Date())
                count += 1
            }
            return count
        }
    }

    @Test func `a camera of rtsps is read, kept alive and left with a farewell`() async throws {
        let folder = try TemporaryFolder()
        let certificates = try Certificates()
        try certificates.makeServer("camera")
        let camera = try camera(certificates.certificate("camera"), certificates.key("camera"), in: folder)
        #expect(try await watch(camera, trusting: nil, pictures: 30) == 30)
        #expect(try await watch(camera, trusting: certificates.authority) == 1)
        #expect(camera.count("GET_PARAMETER") >= 1 && camera.count("TEARDOWN") == 2)
        #expect(
            camera.requests.filter { $0.method == "DESCRIBE" }.allSatisfy { $0.uri.hasPrefix("rtsps://127.0.0.1:") })
        #expect(
            camera.requests.filter { $0.method == "SETUP" }.allSatisfy {
                $0.headers["transport"]?.contains("TCP") == true
            })
    }

    @Test func `a certificate that a camera has signed itself is trusted where ca_file holds it`() async throws {
        let folder = try TemporaryFolder()
        let (certificate, key) = (folder.file("own.crt").path, folder.file("own.key").path)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "2", "-subj", "/CN=camera", "-addext",
            "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let camera = try camera(certificate, key, in: folder)
        #expect(try await watch(camera, trusting: certificate) == 1)
    }

    @Test(arguments: ["another authority", "another host", "expired"])
    func `a camera for which nobody vouches gets no word, and the reason says what to do`(fault: String) async throws {
        let folder = try TemporaryFolder()
        let certificates = try Certificates()
        try certificates.makeServer(
            "camera", hosts: fault == "another host" ? ["192.168.1.64"] : ["127.0.0.1"],
            days: fault == "expired" ? -1 : nil)
        let camera = try camera(certificates.certificate("camera"), certificates.key("camera"), in: folder)
        let others = try Certificates()
        let trusted = fault == "another authority" ? others.authority : certificates.authority
        let error = await #expect(throws: VideoError.self) { try await watch(camera, trusting: trusted) }
        #expect(
            error?.cause.contains("ca_file does not vouch for its certificate") == true, "\(String(describing: error))")
        #expect(error?.remedy.contains(trusted) == true, "\(String(describing: error))")
        #expect(!camera.requests.contains { !["gone", "no TLS"].contains($0.method) }, "\(camera.requests)")
        // Without ca_file it is taken.
        #expect(try await watch(camera, trusting: nil) == 1)
    }

    @Test func `a camera that speaks no TLS there is named`() async throws {
        let camera = try QuirkyCamera()
        let url = CameraURL(camera.url().replacing("rtsp://", with: "rtsps://"))
        let error = await #expect(throws: VideoError.self) {
            try await onOwnThread(named: "watch") {
                var options = VideoSource.Options()
                options.readTimeout = 2
                _ = try VideoSource(url, options: options, deadline: ReadDeadline()).duration
            }
        }
        #expect(error?.description.contains("TLS") == true, "\(String(describing: error))")
    }
}
