import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL
import kotlin.random.Random
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.json.JSONException
import org.json.JSONObject
import zendesk.android.Zendesk
import zendesk.android.events.ZendeskEvent
import zendesk.android.events.ZendeskEventListener

/**
 * Logs the user of your Android app in to Zendesk messaging.
 *
 * Call `start` after `Zendesk.initialize` has succeeded, on the main thread.
 */
class ZendeskAuth(
    private val scope: CoroutineScope, // of the main thread
    private val userToken: () -> String,
    private val onSignedOut: () -> Unit,
    private val onRefused: (Throwable) -> Unit,
) {
    private var login: Job? = null

    fun start() {
        Zendesk.instance.addEventListener(ZendeskEventListener { event ->
            if (event is ZendeskEvent.AuthenticationFailed) scope.launch { logIn() }
        })
        logIn()
    }

    fun logIn() {
        if (login?.isActive == true) return
        login = scope.launch {
            val jwt = fetchJwt() ?: return@launch
            Zendesk.instance.loginUser(jwt, successCallback = {}, failureCallback = { onRefused(it) })
            // If Zendesk refuses a new JWT, the next one does not help.
            delay(30_000)
        }
    }

    fun logOut() {
        login?.cancel()
        Zendesk.instance.logoutUser(successCallback = {}, failureCallback = { onRefused(it) })
    }

    private suspend fun fetchJwt(): String? {
        repeat(8) { attempt ->
            try {
                val (status, body) = withContext(Dispatchers.IO) { post() }
                if (status == 200) return JSONObject(body).getString("jwt")
                if (status in setOf(400, 401, 403)) { onSignedOut(); return null }
            } catch (noNetwork: IOException) {
                // Try again: no network is not a refusal.
            } catch (pageOfAnotherNetwork: JSONException) {
                // Try again: a hotel's network answers with its own page.
            }
            delay(minOf(1_000L shl attempt, 30_000L) + Random.nextLong(1_000))
        }
        return null
    }

    private fun post(): Pair<Int, String> {
        val connection = URL("https://auth.example.com/messaging/jwt").openConnection() as HttpURLConnection
        connection.requestMethod = "POST"
        connection.connectTimeout = 10_000
        connection.readTimeout = 10_000
        connection.setRequestProperty("Authorization", "Bearer ${userToken()}")
        val status = connection.responseCode
        return status to if (status == 200) connection.inputStream.reader().readText() else ""
    }
}
