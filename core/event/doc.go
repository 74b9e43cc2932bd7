// Package event names what can happen. Nodes, stores, brokers and senders all
// speak of it by the same name, in announcements, logs, metrics, traces and
// scenario files (PROTOCOL 8).
package event
