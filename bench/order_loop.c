/* The lower limit for an order: a C loop over a socket that signs, encodes, sends and reads like the gateway.
 *
 *     order_loop PORT [--tls CERTIFICATE]
 *
 * Read a number per line from standard input, send that many orders to 127.0.0.1:PORT, and print a line: the processor
 * time of all orders, then the wall time of every order, in nanoseconds. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "hmac_sha256.h"

static const char secret[] = "QHKRXHPAW1MC9YGZMAT8YDJG2HPR", target[] = "POST /v3/trade/order";
static const char body[] = "{\"symbol\":\"SPOT_BTC_USDT\","
                           "\"side\":\"BUY\",\"type\":\"LIMIT\",\"price\":\"60000.5\",\"quantity\":\"0.01\"}";

enum { CAPACITY = 65536, MAX_ORDERS = 1000000 };
static int fd, port;
static SSL *tls;
static hmac_sha256_key key;
static char response[CAPACITY + 1];
static int64_t took[MAX_ORDERS];

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static size_t encode(char *request) {
    char stamp[24], signature[HMAC_SHA256_HEX_SIZE + 1] = "";
    snprintf(stamp, sizeof stamp, "%lld", (long long)(clock_ns(CLOCK_REALTIME) / 1000000));
    hmac_sha256_message message = {.head_size = 17};
    memcpy(message.head, stamp, 13);
    memcpy(message.head + 13, target, 4);
    message.parts[0] = (hmac_sha256_part){target + 5, sizeof target - 6};
    message.parts[1] = (hmac_sha256_part){body, sizeof body - 1};
    hmac_sha256_hex(&key, &message, signature);
    return (size_t)snprintf(request, 1024,
                            "%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nx-api-key: AbmyVJGUpN064ks5ELjLfA==\r\n"
                            "x-api-timestamp: %s\r\nx-api-signature: %s\r\nContent-Type: application/json\r\n"
                            "Content-Length: %zu\r\n\r\n%s",
                            target, port, stamp, signature, sizeof body - 1, body);
}

/* Return whether `response` contains a complete response with status 200. */
static int is_complete(size_t size) {
    response[size] = 0;
    char *end = strstr(response, "\r\n\r\n"), *length = strcasestr(response, "\r\nContent-Length:");
    if (!end || !length || length > end) return 0;
    return size == (size_t)(end - response) + 4 + strtoul(length + 17, NULL, 10) &&
           !strncmp(response, "HTTP/1.1 200", 12);
}

static int order(void) {
    char request[1024];
    size_t size = encode(request), received = 0;
    if (tls ? SSL_write(tls, request, (int)size) <= 0 : send(fd, request, size, 0) != (ssize_t)size) return 0;
    do {
        ssize_t got = tls ? SSL_read(tls, response + received, (int)(CAPACITY - received))
                          : recv(fd, response + received, CAPACITY - received, 0);
        if (got <= 0) return 0;
        received += (size_t)got;
    } while (!is_complete(received));
    return 1;
}

int main(int argc, char **argv) {
    const char *refused;
    if ((argc != 2 && (argc != 4 || strcmp(argv[2], "--tls"))) || !hmac_sha256_choose("", &refused)) {
        fprintf(stderr, "usage: order_loop PORT [--tls CERTIFICATE]\n");
        return 2;
    }
    port = atoi(argv[1]);
    hmac_sha256_key_init(&key, secret, sizeof secret - 1);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on)) {
        perror("order_loop");
        return 1;
    }
    if (argc == 4) {
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_read_ahead(context, 1); /* a single read(2) per record */
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        if (SSL_CTX_load_verify_locations(context, argv[3], NULL) != 1) return 1;
        tls = SSL_new(context);
        SSL_set_fd(tls, fd);
        if (SSL_connect(tls) != 1) {
            fprintf(stderr, "order_loop: the TLS handshake failed\n");
            return 1;
        }
    }
    for (long orders; scanf("%ld", &orders) == 1 && orders <= MAX_ORDERS;) {
        int64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID), before = clock_ns(CLOCK_MONOTONIC);
        for (long i = 0; i < orders; i++) {
            if (!order()) {
                fprintf(stderr, "order_loop: no complete response with status 200\n");
                return 1;
            }
            int64_t after = clock_ns(CLOCK_MONOTONIC);
            took[i] = after - before;
            before = after;
        }
        printf("%lld", (long long)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu));
        for (long i = 0; i < orders; i++) printf(" %lld", (long long)took[i]);
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
