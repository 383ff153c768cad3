import ArgumentParser
import Edge
import Foundation

/// Accounts of a running program, over its socket: of a daemon, or of a centre.
struct AccountClient {
    /// That holds the socket.
    let folder: URL
    var socket = StatusClient.socketName
    /// What is asked, in words.
    let program: String
    /// Where a code is entered, in words.
    let page: String

    /// What it answers; ends with 69 where it does not, and with 1 where it refuses.
    @discardableResult
    func ask(_ parts: [String]) throws -> StatusClient.AccountAnswer {
        let answer: StatusClient.AccountAnswer
        do { answer = try StatusClient.accounts(parts, of: folder, socket: socket) } catch {
            switch error {
            case .noDaemon: Console.complain("no \(program) runs with this configuration: start it first")
            case .unanswered(let why): Console.complain(why)
            }
            throw ExitCode(69)
        }
        guard let refused = answer.refused else { return answer }
        Console.complain(refused)
        throw ExitCode(1)
    }

    func printCode(_ parts: [String]) throws {
        let answer = try ask(parts)
        print("code: \(answer.code ?? "")")
        print("valid until \(answer.expires ?? ""), on \(page)")
    }

    func printToken(_ name: String, days: Int) throws { print(try ask(["token", name, "\(days)"]).token ?? "") }
}
