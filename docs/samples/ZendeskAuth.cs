using System;
using System.Threading.Tasks;
using UnityEngine;
using UnityEngine.Networking;

/// <summary>
/// Logs the player of your Unity game in to Zendesk messaging.
///
/// Add the <c>using</c> of your version of the SDK. Call <c>LogIn</c> after the SDK is initialized, and again when it reports an authentication error.
/// </summary>
public static class ZendeskAuth
{
    [Serializable]
    private class Issued
    {
        public string jwt;
    }

    /// <returns>Whether the player is logged in. If not, the player can still write anonymously.</returns>
    public static async Task<bool> LogIn(string userToken)
    {
        for (var attempt = 0; attempt < 8; attempt++)
        {
            using var request = UnityWebRequest.Post("https://auth.example.com/messaging/jwt", new WWWForm());
            request.timeout = 10;
            request.SetRequestHeader("Authorization", $"Bearer {userToken}");
            var sent = request.SendWebRequest();
            while (!sent.isDone) await Task.Yield();

            if (request.responseCode == 200)
            {
                var jwt = JsonUtility.FromJson<Issued>(request.downloadHandler.text).jwt;
                return (await ZendeskSdk.Instance.Messaging.LoginAsync(jwt)).IsSuccess;
            }
            // The service does not know the player: trying again does not help.
            if (request.responseCode is 400 or 401 or 403) return false;
            await Task.Delay(Math.Min(1_000 << attempt, 30_000) + UnityEngine.Random.Range(0, 1_000));
        }
        return false;
    }
}
