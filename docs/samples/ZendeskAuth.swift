import Foundation
import ZendeskSDK

/// Logs the user of your iOS app in to Zendesk messaging.
///
/// Call `start` after `Zendesk.initialize` has succeeded.
@MainActor
final class ZendeskAuth {
    let userToken: () -> String
    let onSignedOut: () -> Void
    let onRefused: (Error) -> Void
    private var login: Task<Void, Never>?

    init(userToken: @escaping () -> String, onSignedOut: @escaping () -> Void, onRefused: @escaping (Error) -> Void) {
        self.userToken = userToken
        self.onSignedOut = onSignedOut
        self.onRefused = onRefused
    }

    func start() {
        Zendesk.instance?.addEventObserver(self) { [weak self] event in
            if case .authenticationFailed = event { Task { @MainActor in self?.logIn() } }
        }
        logIn()
    }

    func logIn() {
        guard login == nil else { return }
        login = Task {
            if let jwt = await fetchJwt(), !Task.isCancelled {
                Zendesk.instance?.loginUser(with: jwt) { [onRefused] in if case .failure(let error) = $0 { onRefused(error) } }
                // If Zendesk refuses a new JWT, the next one does not help.
                try? await Task.sleep(nanoseconds: 30_000_000_000)
            }
            if !Task.isCancelled { login = nil }
        }
    }

    func logOut() {
        login?.cancel()
        login = nil
        Zendesk.instance?.logoutUser { [onRefused] in if case .failure(let error) = $0 { onRefused(error) } }
    }

    private func fetchJwt() async -> String? {
        struct Issued: Decodable { let jwt: String }
        var request = URLRequest(url: URL(string: "https://auth.example.com/messaging/jwt")!, timeoutInterval: 10)
        request.httpMethod = "POST"
        var pause = 1.0
        for _ in 1...8 where !Task.isCancelled {
            request.setValue("Bearer \(userToken())", forHTTPHeaderField: "Authorization")
            if let (data, response) = try? await URLSession.shared.data(for: request) {
                let status = (response as? HTTPURLResponse)?.statusCode ?? 0
                if status == 200, let issued = try? JSONDecoder().decode(Issued.self, from: data) { return issued.jwt }
                if [400, 401, 403].contains(status) { onSignedOut(); return nil }
            }
            try? await Task.sleep(nanoseconds: UInt64((pause + .random(in: 0...1)) * 1_000_000_000))
            pause = min(2 * pause, 30)
        }
        return nil
    }
}
